/** How often values fell into which range, as plain data. */
export interface Distribution {
  /** Upper bounds of the ranges, each included, in ascending order. What is larger counts in a last range. */
  readonly bounds: readonly number[];
  /** One count for each bound, and the last range's. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** Counts values into ranges: an addition for each value, whatever their number. */
export class DistributionCounter {
  private readonly counts: number[];
  private sum = 0;

  constructor(private readonly bounds: readonly number[]) {
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  add(value: number): void {
    const found = this.bounds.findIndex((bound) => value <= bound);
    const range = found === -1 ? this.bounds.length : found;
    this.counts[range] = (this.counts[range] ?? 0) + 1;
    this.sum += value;
  }

  /** A copy of the counts so far. */
  get distribution(): Distribution {
    return { bounds: this.bounds, counts: [...this.counts], sum: this.sum };
  }
}
