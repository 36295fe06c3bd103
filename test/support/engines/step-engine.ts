import {
  type EngineModel,
  type NextToken,
  type PlainDraws,
  type SequenceStep,
  type WeightsRef,
} from '../../../src/compute/model-engine.js';
import { TokenSampler } from '../../../src/compute/numerics/token-sampler.js';
import { FAKE_MODEL } from '../fake-backend/fake-backend.js';
import { TinyEngine, type TinyEngineOptions } from './tiny-engine.js';

export interface StepEngineOptions extends TinyEngineOptions {
  /** What an advance takes on the engine's clock. */
  readonly duration?: (steps: readonly SequenceStep[]) => number;
  /** Called while an advance runs, with the number of advances before it. */
  readonly onAdvance?: (index: number) => void;
  /** Throws what an advance with these steps is to fail with. */
  readonly fault?: (held: readonly (readonly number[])[]) => void;
  readonly batching?: 'exact' | 'off';
  /** Makes the draws that steps ask for, and gives named logits instead of rows. */
  readonly draws?: boolean;
}

interface OpenSequence {
  readonly weights: string;
  readonly tokens: readonly number[];
}

/**
 * A tiny engine whose next token depends on every token before it and on the weights, so that a sequence that holds
 * anything else than it should is found out, and whose clock only its own calls move.
 */
export class StepEngine extends TinyEngine {
  /** Virtual milliseconds. */
  time = 0;
  /** Tokens that each advance has read, and rows that it has given, by sequence. */
  readonly advances: { readonly sequence: number; readonly count: number; readonly rows: number }[][] = [];
  /** Draws made instead of giving a row. */
  drawn = 0;
  /** Most tokens that sequences have held at the same time. */
  peakTokens = 0;
  private readonly sequences = new Map<number, OpenSequence>();
  private nextSequence = 0;

  constructor(private readonly behaviour: StepEngineOptions = {}) {
    super(behaviour);
    Object.assign(this.capabilities, { batching: behaviour.batching ?? 'exact' });
  }

  get model(): EngineModel {
    return this.capabilities.models[0]!;
  }

  /** Of all advances. */
  get tokensRead(): number {
    return this.advances.flat().reduce((sum, { count }) => sum + count, 0);
  }

  get heldTokens(): number {
    return [...this.sequences.values()].reduce((sum, { tokens }) => sum + tokens.length, 0);
  }

  /** Sequences that are open and not empty. */
  get heldSequences(): number {
    return [...this.sequences.values()].filter(({ tokens }) => tokens.length > 0).length;
  }

  get openCount(): number {
    return this.sequences.size;
  }

  override async openSequence(weights?: WeightsRef): Promise<number> {
    this.sequences.set(this.nextSequence, { weights: JSON.stringify(weights), tokens: [] });
    return this.nextSequence++;
  }

  override async forkSequence(sequence: number, count: number, length?: number): Promise<readonly number[]> {
    const { weights, tokens } = this.held(sequence);
    if (length !== undefined && length > tokens.length) throw new Error(`Sequence ${sequence} is not that long.`);
    const ids = Array.from({ length: count }, () => this.nextSequence++);
    for (const id of ids) this.sequences.set(id, { weights, tokens: tokens.slice(0, length) });
    this.notePeak();
    return ids;
  }

  override async advance(steps: readonly SequenceStep[]): Promise<readonly (readonly NextToken[])[]> {
    const index = this.advances.length;
    this.advances.push(
      steps.map(({ sequence, tokens, rows }) => ({ sequence, count: tokens.length, rows: rows?.length ?? 1 })),
    );
    this.time += this.behaviour.duration?.(steps) ?? 1;
    await new Promise((resolve) => setImmediate(resolve));
    this.behaviour.onAdvance?.(index);
    const held = steps.map(({ sequence, tokens }) => [...this.held(sequence).tokens, ...tokens]);
    // A call that fails may have appended anything.
    steps.forEach(({ sequence }, i) => this.sequences.set(sequence, { ...this.held(sequence), tokens: held[i]! }));
    this.behaviour.fault?.(held);
    this.notePeak();
    return steps.map(({ sequence, tokens, rows = Int32Array.of(tokens.length - 1) }, i) => {
      const start = held[i]!.length - tokens.length;
      const { weights } = this.held(sequence);
      const next = Array.from(rows, (row) => nextToken(weights, held[i]!.slice(0, start + row + 1)));
      return this.behaviour.draws ? this.shorten(next, steps[i]!) : next;
    });
  }

  override async closeSequences(sequences: readonly number[]): Promise<void> {
    for (const id of sequences) {
      if (!this.sequences.delete(id)) throw new Error(`Sequence ${id} is not open.`);
    }
  }

  /** What a step says is all that is needed of its rows. */
  private shorten(rows: readonly NextToken[], { named, draws }: SequenceStep): NextToken[] {
    const offsets = named?.offsets ?? Int32Array.of(0);
    return rows.map((row, i) => {
      if (i < offsets.length - 1) return nameAlone(row, named!.tokens.subarray(offsets[i], offsets[i + 1]));
      return draws ? this.draw(row, draws) : row;
    });
  }

  private draw({ logits, logSum }: NextToken, { temperature, uniforms }: PlainDraws): NextToken {
    const drawn = new TokenSampler(logits.length).drawMany(logits, temperature, uniforms);
    this.drawn += drawn.length;
    return { drawn, logits: Float32Array.from(drawn, (token) => logits[token]!), logSum };
  }

  private notePeak(): void {
    this.peakTokens = Math.max(this.peakTokens, this.heldTokens);
  }

  private held(sequence: number): OpenSequence {
    const held = this.sequences.get(sequence);
    if (!held) throw new Error(`Sequence ${sequence} is not open.`);
    return held;
  }
}

/** Logits by a hash of everything before. */
function nextToken(weights: string, tokens: readonly number[]): NextToken {
  let hash = weights.length;
  for (const character of weights) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) | 0;
  for (const token of tokens) hash = (Math.imul(hash ^ token, 0x01000193) + 7) | 0;
  const logits = Float32Array.from({ length: FAKE_MODEL.config.vocabSize }, (_, i) => {
    return ((Math.imul(hash, i + 1) >>> 8) % 1000) / 200;
  });
  return { logits, logSum: Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0)) };
}

function nameAlone({ logits, logSum }: NextToken, tokens: Int32Array): NextToken {
  return { logits: new Float32Array(0), named: Float32Array.from(tokens, (token) => logits[token]!), logSum };
}
