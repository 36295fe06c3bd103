/** Eight adapters with a short chat each, in one pass of the engine, against eight passes. */
import { sequencesOf } from '../batches.mjs';
import { alternate, compare } from '../measure.mjs';

const [ADAPTERS, TOKENS] = [8, 46];

export async function measureAdapters({ ours }, { repeats, log }) {
  log(`${ADAPTERS} adapters in one pass`);
  const sequences = sequencesOf(Array(ADAPTERS).fill(TOKENS));
  const train = (together) => async () => (await ours.ask({ op: 'adapters', sequences, together })).ms;
  const samples = await alternate({ together: train(true), alone: train(false) }, repeats);
  const row = compare({
    name: `${ADAPTERS} adapters, 1x${TOKENS} each, in one pass`,
    unit: 'ms',
    ours: samples.together,
    other: samples.alone,
    versus: 'one pass after the other',
    figure: 'ratio',
    target: { atMost: 0.35 },
  });
  return { rows: [row], facts: [] };
}
