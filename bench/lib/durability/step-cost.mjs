/** The share of a training step that log, digests and state snapshots take. */
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../../../scripts/lib/temporary-folder.mjs';
import { datumsOf, sequencesOf } from '../batches.mjs';
import { median } from '../measure.mjs';
import { checkpoint, weightCache } from '../paths.mjs';
import { toTable } from '../report.mjs';
import { withService } from '../service.mjs';
import { startOurs } from '../sides.mjs';
import { trainingStep } from './training.mjs';

const SEQUENCES = sequencesOf(Array(8).fill(64));
const DATA = datumsOf(SEQUENCES);
const ADAPTER = 'bench';
/** The first step of a block is not counted: the last snapshot of the other side may still be under way. */
const [BLOCKS, STEPS] = [4, 5];
/** A single snapshot per 10 s disappears in the noise of a machine; one after every change does not. */
const INTERVALS_S = { always: '0', never: '86400' };
const DEFAULT_INTERVAL_MS = 10_000;
/** Of futures without work and of digests. */
const REPEATS = 50;

export async function measureStepCost({ log }) {
  log('steps of 8x64 on the 135M shape');
  const digest = await measureDigest();
  return withOwnState(INTERVALS_S.always, (always) =>
    withOwnState(INTERVALS_S.never, async (never) => {
      const samples = await alternateBlocks({ always, never });
      return toReport({ ...samples, digest, future: await futuresWithoutWork(never) });
    }),
  );
}

async function measureDigest() {
  const engine = await startOurs(); // also writes the converted weights, if they are not there
  await engine.ask({ op: 'step', sequences: SEQUENCES });
  await engine.ask({ op: 'optim_step' });
  const times = [];
  for (let i = 0; i < REPEATS; i++) times.push((await engine.ask({ op: 'digest' })).ms);
  await engine.stop();
  return times;
}

/** A service with a data folder of its own, which shares the converted weights alone. */
async function withOwnState(snapshotIntervalS, work) {
  const folder = temporaryFolder('thinker-bench-');
  mkdirSync(weightCache, { recursive: true });
  symlinkSync(weightCache, path.join(folder, 'weights'));
  try {
    const settings = { DATA_DIR: folder, BASE_MODELS: checkpoint, SNAPSHOT_INTERVAL_S: snapshotIntervalS };
    return await withService(settings, ({ client }) => work(client));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds of each step, by side. */
async function alternateBlocks(clients) {
  const samples = Object.fromEntries(Object.keys(clients).map((name) => [name, []]));
  for (let block = 0; block < BLOCKS; block++) {
    for (const [name, client] of Object.entries(clients)) {
      for (let step = 0; step < STEPS; step++) {
        const ms = await trainingStep(client, ADAPTER, DATA);
        if (step > 0) samples[name].push(ms);
      }
    }
  }
  return samples;
}

/** An optimizer step without gradients goes through HTTP, queue and log, and does no work in the engine. */
async function futuresWithoutWork(client) {
  const body = { model_id: ADAPTER, adam_params: { learning_rate: 0.0001 } };
  const times = [];
  for (let i = 0; i < REPEATS; i++) {
    const { ms, answer } = await client.roundTrip('optim_step', body);
    if (!answer.error) throw new Error(`An optimizer step without gradients was accepted: ${JSON.stringify(answer)}`);
    times.push(ms);
  }
  return times;
}

function toReport({ always, never, digest, future }) {
  const step = median(never);
  const snapshot = median(always) - step;
  const row = (name, ms, share = ms / step) => [name, `${ms.toFixed(1)} ms`, `${(100 * share).toFixed(2)} %`];
  return toTable(
    ['training step 8x64 on the 135M shape', 'time', 'share of the step'],
    [
      row(`step without state snapshots (median of ${never.length})`, step),
      row('state digest, in the engine', median(digest)),
      row('log: two futures without work, including HTTP and queue', 2 * median(future)),
      row('state snapshots after both operations', snapshot),
      row('one state snapshot per 10 s (the default)', ((snapshot / 2) * step) / DEFAULT_INTERVAL_MS),
    ],
  );
}
