/** Whole contexts: memory and time of one long sequence, and memory of training and generating together. */
import { sequencesOf } from '../batches.mjs';
import { compare } from '../measure.mjs';
import { startOurs } from '../sides.mjs';

const LONG = 8192;
const SHORT = 1024;
/** The first one also compiles the programs. */
const REPEATS = 2;

export async function measureLongContexts({ log }) {
  log(`one sequence of ${LONG} tokens`);
  const rows = [];
  const facts = [];
  // Each in a process of its own, so that the memory of one is not counted for the other.
  const long = await withOurs((ours) => perToken(ours, LONG));
  const short = await withOurs((ours) => perToken(ours, SHORT));
  const sides = { ours: long.times, other: short.times, versus: `1x${SHORT}, per token` };
  const name = `forward + backward, 1x${LONG}, per token`;
  rows.push(compare({ name, unit: 'ms', ...sides, figure: 'ratio', target: { atMost: 1.6 } }));
  facts.push(
    `Peak resident memory of 1x${LONG}: ${long.megabytes} MB (target: at most 6000), of 1x${SHORT}: ${short.megabytes} MB.`,
  );
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

/** Times of a forward and backward, and the most memory that the process has had. */
async function perToken(ours, length) {
  const sequences = sequencesOf([length]);
  const times = [];
  for (let i = 0; i < REPEATS; i++) times.push((await ours.ask({ op: 'step', sequences })).ms / length);
  const { bytes } = await ours.ask({ op: 'peak_rss' });
  return { times, megabytes: (bytes / 1e6).toFixed(0) };
}

async function withOurs(work) {
  const ours = await startOurs();
  try {
    return await work(ours);
  } finally {
    await ours.stop();
  }
}
