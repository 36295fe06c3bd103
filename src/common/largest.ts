/** The largest value of the items, however many there are; -Infinity without any. */
export function largest<T>(items: readonly T[], valueOf: (item: T) => number): number {
  return items.reduce((most, item) => Math.max(most, valueOf(item)), -Infinity);
}
