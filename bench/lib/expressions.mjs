/** The cost of a formula loss: PPO built in, and the same PPO as a client would register it. */
import { sequencesOf } from './batches.mjs';
import { alternate, compare } from './measure.mjs';
import { startOurs } from './sides.mjs';

const LENGTHS = Array(4).fill(256);

export async function measureExpressions({ repeats, log }) {
  log('PPO as formulas');
  const side = await startOurs();
  try {
    const sequences = sequencesOf(LENGTHS);
    const step = (written) => side.ask({ op: 'policy_step', sequences, written });
    const time = (written) => async () => (await step(written)).ms;
    const samples = await alternate({ written: time(true), builtIn: time(false) }, repeats);
    const sides = { ours: samples.written, other: samples.builtIn, versus: 'built-in PPO' };
    const name = 'PPO as formulas, 4x256';
    const row = compare({ name, unit: 'ms', ...sides, figure: 'ratio', target: { atMost: 1.02 } });
    const losses = [(await step(true)).loss, (await step(false)).loss].map((loss) => loss.toFixed(6)).join(' and ');
    return { rows: [row], facts: [`PPO as formulas and built in: losses ${losses}.`] };
  } finally {
    await side.stop();
  }
}
