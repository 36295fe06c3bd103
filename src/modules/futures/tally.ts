/** Counts by key, with their sum. */
export class Tally {
  private readonly counts = new Map<string, number>();
  private sum = 0;

  constructor(counts: Iterable<readonly [string, number]> = []) {
    for (const [key, count] of counts) this.add(key, count);
  }

  get total(): number {
    return this.sum;
  }

  of(key: string): number {
    return this.counts.get(key) ?? 0;
  }

  add(key: string, count = 1): void {
    const next = this.of(key) + count;
    if (next === 0) this.counts.delete(key);
    else this.counts.set(key, next);
    this.sum += count;
  }
}
