/** Stands for all names that came when the limit was reached. */
const OTHERS = 'other';

/**
 * Keeps the number of values of a label bounded: the first names get series of their own, all later ones share one. A
 * name keeps its series, so counters never go back.
 */
export class BoundedLabels {
  private readonly names = new Set<string>();

  constructor(private readonly limit: number) {}

  of(name: string): string {
    if (this.names.has(name)) return name;
    if (this.names.size >= this.limit) return OTHERS;
    this.names.add(name);
    return name;
  }
}
