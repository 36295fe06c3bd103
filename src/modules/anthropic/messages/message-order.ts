import { type OfferedTools, type SamplingOrder } from '../../generation/index.js';

/** A message to write. */
export interface MessageOrder {
  readonly order: SamplingOrder;
  /** As the client named it. */
  readonly model: string;
  /** As the client wrote them. */
  readonly stopSequences: readonly string[];
  /** Whether the context ends before the number of tokens that the client allows. */
  readonly endsWithContext: boolean;
  /** Those that the model may call. */
  readonly tools: OfferedTools | null;
}

/** An id for a call of a tool. */
export function toolUseId({ tools }: MessageOrder): string {
  if (!tools) throw new TypeError('A message without tools calls none.');
  return tools.format.makeId('toolu_');
}
