/** Forward and backward against the peer: full batches, ragged chats, and a padded baseline. */
import path from 'node:path';
import { answerWeights, sequencesOf } from './batches.mjs';
import { alternate, compare } from './measure.mjs';

const FULL = [
  { name: '1x46', lengths: [46], target: 0.55 },
  { name: '8x64', lengths: Array(8).fill(64), target: 0.7 },
  { name: '4x256', lengths: Array(4).fill(256), target: 0.7 },
];
const RAGGED = [20, 34, 46, 58, 70, 86, 100, 120];
const WEIGHTED_SHARE = 0.4;
const CHATS = [42, 43, 45, 46, 46, 47, 49, 50];
/** The padded baseline is slow, and its result is far from the target: a few repeats suffice. */
const PADDED_REPEATS = 3;

export async function measurePasses(sides, { repeats, log }) {
  const rows = [];
  for (const { name, lengths, target } of FULL) {
    log(`forward + backward, ${name}`);
    const batch = { sequences: sequencesOf(lengths) };
    rows.push(await againstPeer(sides, { name: `forward + backward, ${name}`, batch, target, repeats }));
  }
  log('forward + backward, ragged');
  const batch = { sequences: sequencesOf(RAGGED), weights: answerWeights(RAGGED, WEIGHTED_SHARE) };
  const name = '8 ragged chats of 20 to 120 tokens, 40 % weighted';
  rows.push(await againstPeer(sides, { name, batch, target: 0.45, repeats }));
  const agreement = await compareGradients(sides, batch);
  return { rows, facts: [`Gradients of the ragged batch: ${agreement}`] };
}

/** The peer in its fastest number format: stated, without a target, since it computes other numbers than ours. */
export async function measureBfloat16({ ours, peer }, { repeats, log }) {
  const rows = [];
  for (const { name, lengths } of FULL) {
    log(`forward + backward, ${name}, against bfloat16`);
    const batch = { sequences: sequencesOf(lengths) };
    const row = { name: `forward + backward, ${name}`, batch, target: null, repeats, versus: 'peer, bfloat16' };
    rows.push(await againstPeer({ ours, peer }, row));
  }
  return { rows, facts: [] };
}

async function againstPeer({ ours, peer }, { name, batch, target, repeats, versus = 'peer' }) {
  const step = (side) => async () => (await side.ask({ op: 'step', ...batch })).ms;
  const samples = await alternate({ ours: step(ours), peer: step(peer) }, repeats);
  const sides = { ours: samples.ours, other: samples.peer, versus };
  const atMost = target === null ? null : { atMost: target };
  return compare({ name, unit: 'ms', ...sides, figure: 'ratio', target: atMost });
}

/** Both sides computed this batch last. */
async function compareGradients({ ours, peer, folder }, batch) {
  const file = path.join(folder, 'gradients.safetensors');
  const losses = [(await ours.ask({ op: 'step', ...batch })).loss, (await peer.ask({ op: 'step', ...batch })).loss];
  await peer.ask({ op: 'dump_grads', file });
  const { distance } = await ours.ask({ op: 'compare_grads', file });
  const text = losses.map((loss) => loss.toFixed(3)).join(' and ');
  return `the largest relative distance of a tensor from the peer's is ${distance.toExponential(1)}; losses ${text}.`;
}

export async function measurePaddedBaseline({ ours, peer }, { repeats, log }) {
  log('padded baseline');
  const sequences = sequencesOf(CHATS);
  const samples = await alternate(
    {
      ours: async () => (await ours.ask({ op: 'step', sequences })).ms,
      padded: async () => (await peer.ask({ op: 'padded_step', sequences })).ms,
    },
    Math.min(repeats, PADDED_REPEATS),
  );
  const name = '8 chats of about 46 tokens each';
  const sides = { ours: samples.ours, other: samples.padded, versus: 'padded baseline' };
  return { rows: [compare({ name, unit: 'ms', ...sides, figure: 'times', target: { atLeast: 10 } })], facts: [] };
}
