/** Forward and backward of one rank against a plain loop of transformers + PEFT, on the same cores. */
import path from 'node:path';
import { sequencesOf } from '../batches.mjs';
import { alternate, compare } from '../measure.mjs';

const CASES = [
  { name: '1x46', lengths: [46] },
  { name: '8x64', lengths: Array(8).fill(64) },
  { name: '4x256', lengths: Array(4).fill(256) },
];

export async function measurePasses({ ours, peer, folder }, { repeats, log }) {
  const rows = [];
  const distances = [];
  for (const { name, lengths } of CASES) {
    log(`forward + backward, ${name}`);
    const sequences = sequencesOf(lengths);
    const step = (side) => async () => (await side.ask({ op: 'step', sequences })).ms;
    const samples = await alternate({ ours: step(ours), peer: step(peer) }, repeats);
    rows.push(
      compare({
        name: `forward + backward, ${name}`,
        unit: 'ms',
        ours: samples.ours,
        other: samples.peer,
        versus: 'peer',
        figure: 'ratio',
        target: { atMost: 1.05 },
      }),
    );
    const file = path.join(folder, `${name}.safetensors`);
    await peer.ask({ op: 'dump_grads', file });
    distances.push((await ours.ask({ op: 'compare_grads', file })).distance);
  }
  const distance = Math.max(...distances).toExponential(1);
  return { rows, facts: [`Gradients: the largest relative distance of a tensor from the peer's is ${distance}.`] };
}
