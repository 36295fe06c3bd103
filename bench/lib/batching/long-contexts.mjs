/** Whole contexts: memory and time of one long sequence, and memory of training and generating together. */
import { sequencesOf } from '../batches.mjs';
import { alternate, compare } from '../measure.mjs';
import { startOurs } from '../sides.mjs';

const LONG = 8192;
const SHORT = 1024;
const LONG_REPEATS = 1;

export async function measureLongContexts({ log }) {
  log(`one sequence of ${LONG} tokens`);
  const rows = [];
  const facts = [];
  await withOurs(async (ours) => {
    const perToken = (length) => async () =>
      (await ours.ask({ op: 'step', sequences: sequencesOf([length]) })).ms / length;
    const samples = await alternate({ long: perToken(LONG), short: perToken(SHORT) }, LONG_REPEATS);
    const sides = { ours: samples.long, other: samples.short, versus: `1x${SHORT}, per token` };
    const name = `forward + backward, 1x${LONG}, per token`;
    rows.push(compare({ name, unit: 'ms', ...sides, figure: 'ratio', target: { atMost: 1.6 } }));
    facts.push(`Peak resident memory after 1x${LONG}: ${await peakMegabytes(ours)} MB (target: at most 6000).`);
  });
  await withOurs(async (ours) => {
    await ours.ask({ op: 'step', sequences: sequencesOf(Array(8).fill(64)) });
    await ours.ask({ op: 'decode', prompt: sequencesOf([45])[0], batch: 8, new_tokens: 16 });
    const { bytes } = await ours.ask({ op: 'resident' });
    facts.push(
      `Resident memory after training 8x64 and generating: ${(bytes / 1e6).toFixed(0)} MB (target: at most 1800).`,
    );
  });
  return { rows, facts };
}

async function withOurs(work) {
  const ours = await startOurs();
  try {
    await work(ours);
  } finally {
    await ours.stop();
  }
}

async function peakMegabytes(side) {
  return ((await side.ask({ op: 'peak_rss' })).bytes / 1e6).toFixed(0);
}
