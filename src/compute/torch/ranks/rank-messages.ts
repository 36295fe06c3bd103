import { type RankMemory } from '../../../domain/rank-memory.js';
import { type Message } from '../frames/frame-codec.js';

/** The messages of the control link; protocol/torch-worker.md says what each means. */

export const PROTOCOL_VERSION = 1;

/** Which program the ranks run. */
export type RankProgram = 'hf' | 'megatron';

/** First message of a rank. */
export interface Hello {
  readonly kind: 'hello';
  readonly protocol: number;
  readonly token: string;
  /** One launch of all ranks. */
  readonly run: string;
  readonly rank: number;
  readonly world: number;
  readonly host: string;
  readonly pid: number;
  readonly versions: Readonly<Record<string, string>>;
}

/** What a rank is to run, in the welcome. */
export interface RankSettings {
  readonly engine: RankProgram;
  readonly models: readonly { readonly name: string; readonly folder: string }[];
  readonly device: 'auto' | 'cpu' | 'cuda';
  readonly dtype: 'auto' | 'float32' | 'bfloat16';
  readonly quantization: 'none' | 'nf4';
  readonly batching: 'exact' | 'rounding' | 'off';
  readonly deterministic: boolean;
  /** Null: torch decides. */
  readonly threads: number | null;
  readonly passTokens: number | null;
  readonly tensor: number;
  readonly pipeline: number;
  readonly shard: boolean;
  readonly heartbeatSeconds: number;
  readonly collectiveSeconds: number;
}

export interface RankError {
  readonly kind: 'user' | 'memory' | 'engine';
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** What a rank answers to a call. */
export type RankAnswer =
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: RankError };

/** What a heartbeat tells of the memory of its rank, in bytes. */
export type HeartbeatMemory = Pick<RankMemory, 'processBytes' | 'gpu'>;

/** The hello in a message, or null where it is none. */
export function readHello(message: Message): Hello | null {
  const { kind, protocol, token, run, rank, world } = message;
  const isHello =
    kind === 'hello' &&
    typeof protocol === 'number' &&
    typeof token === 'string' &&
    typeof run === 'string' &&
    Number.isInteger(rank) &&
    Number.isInteger(world);
  return isHello ? (message as Message & Hello) : null;
}

/** The answer in a message; null for a heartbeat. */
export function readAnswer(message: Message): RankAnswer | null {
  const { kind, id } = message;
  if ((kind !== 'result' && kind !== 'error') || typeof id !== 'number') return null;
  return message as Message & RankAnswer;
}

/** The memory in a heartbeat; null for other messages, and from ranks that cannot tell it. */
export function readMemory({ kind, memory }: Message): HeartbeatMemory | null {
  return kind === 'heartbeat' && memory !== undefined ? (memory as HeartbeatMemory | null) : null;
}
