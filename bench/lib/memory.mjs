/** Peak memory of a process that loads the model and makes passes of 8x64, and does nothing else. */
import { sequencesOf } from './batches.mjs';
import { compare } from './measure.mjs';
import { startOurs, startPeer } from './sides.mjs';

const PASSES = 3;

export async function measureMemory({ log }) {
  log('peak memory');
  const ours = await peakMegabytes(startOurs);
  const unpacked = await peakMegabytes(() => startOurs({ packWeights: false }));
  const peer = await peakMegabytes(startPeer);
  const row = (name, megabytes) =>
    compare({
      name,
      unit: 'MB',
      ours: [megabytes],
      other: [peer],
      versus: 'peer',
      figure: 'ratio',
      target: { atMost: 0.7 },
    });
  return { rows: [row('peak memory, 8x64', ours), row('peak memory, 8x64, PACK_WEIGHTS=false', unpacked)], facts: [] };
}

async function peakMegabytes(start) {
  const side = await start();
  try {
    const sequences = sequencesOf(Array(8).fill(64));
    for (let pass = 0; pass < PASSES; pass++) await side.ask({ op: 'step', sequences });
    return (await side.ask({ op: 'peak_rss' })).bytes / 1e6;
  } finally {
    await side.stop();
  }
}
