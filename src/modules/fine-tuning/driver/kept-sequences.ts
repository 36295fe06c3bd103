import { type TrainedSequence } from '../data/example-tokens.js';

/** Tokens that are kept, eight bytes each with their weights. */
const MAX_TOKENS = 2 ** 19;

/** Sequences of rows by their numbers, up to a number of tokens in all: those that come later are not kept. */
export class KeptSequences {
  private readonly rows = new Map<number, readonly TrainedSequence[]>();
  private tokens = 0;

  constructor(private readonly maxTokens = MAX_TOKENS) {}

  get(row: number): readonly TrainedSequence[] | undefined {
    return this.rows.get(row);
  }

  keep(row: number, sequences: readonly TrainedSequence[]): void {
    const length = sequences.reduce((sum, { tokens }) => sum + tokens.length, 0);
    if (this.tokens + length > this.maxTokens || this.rows.has(row)) return;
    this.rows.set(row, sequences);
    this.tokens += length;
  }
}
