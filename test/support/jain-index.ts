/**
 * How equal these numbers are: 1 where all are equal, 1/n where one has everything (Jain, Chiu, Hawe, 1984). At least one of
 * them must be above 0.
 */
export function jainIndex(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  const squares = values.reduce((total, value) => total + value * value, 0);
  return sum ** 2 / (values.length * squares);
}
