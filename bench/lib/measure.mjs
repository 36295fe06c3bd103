/** Alternating measurements: a disturbance of the machine affects every side alike. */

/**
 * Calls the sides in turn, once to warm up and then `repeats` times. `sides` are functions by name that resolve with a
 * number. Returns the numbers of each side by its name.
 */
export async function alternate(sides, repeats) {
  const samples = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
  for (let round = 0; round <= repeats; round++) {
    for (const [name, side] of Object.entries(sides)) {
      const sample = await side();
      if (round > 0) samples[name].push(sample);
    }
  }
  return samples;
}

/** The value below which `share` of the numbers lie (nearest rank). */
export function percentile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

export const median = (numbers) => percentile(numbers, 0.5);

/**
 * One line of the report. `ours` and `other` are lists of numbers in `unit`; `figure` says how their medians are
 * compared: 'ratio' = ours / other, 'times' = other / ours, 'added' = ours - other. `target` is { atMost } or { atLeast }, or null where a figure is only stated.
 */
export function compare({ name, unit, ours, other, versus, figure, target }) {
  const between = { ratio: (a, b) => a / b, times: (a, b) => b / a, added: (a, b) => a - b }[figure];
  const best = (numbers) => (unit.endsWith('/s') ? Math.max(...numbers) : Math.min(...numbers));
  const value = between(median(ours), median(other));
  return {
    name,
    unit,
    versus,
    figure,
    ours: { median: median(ours), best: best(ours) },
    other: { median: median(other), best: best(other) },
    value,
    valueOfBest: between(best(ours), best(other)),
    target,
    met: target === null ? null : target.atMost === undefined ? value >= target.atLeast : value <= target.atMost,
  };
}
