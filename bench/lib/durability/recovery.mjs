/** From the SIGKILL of a worker in the middle of training to the next results of the adapters that it held. */
import { setTimeout as sleep } from 'node:timers/promises';
import { median, percentile } from '../measure.mjs';
import { toTable } from '../report.mjs';
import { withCluster } from './cluster.mjs';
import { optimizerStep, trainingPass, trainingStep } from './training.mjs';

const WORKERS = 2;
const ADAPTERS = ['north', 'east', 'south', 'west'];
/** Each kill comes at a different moment of a pass. */
const [SHIFT_MS, SHIFTS] = [4, 6];

export async function measureRecovery({ repeats, log }) {
  log(`${repeats} kills of a worker`);
  return withCluster(WORKERS, async (cluster) => {
    await Promise.all(ADAPTERS.map((adapter) => trainingStep(cluster.client, adapter)));
    const times = [];
    for (let kill = 0; kill < repeats; kill++) times.push(...(await killOne(cluster, (kill % SHIFTS) * SHIFT_MS)));
    return toReport(repeats, times);
  });
}

/** Milliseconds of each adapter that the killed worker had. */
async function killOne(cluster, shiftMs) {
  const { client } = cluster;
  const [{ pid, adapters }] = await cluster.holdings();
  const passes = Promise.all(ADAPTERS.map((adapter) => trainingPass(client, adapter)));
  await sleep(shiftMs);
  const killed = performance.now();
  await cluster.kill(pid);
  // Sent after the death, behind the pass: its result needs a worker that has the adapter's state again.
  const steps = ADAPTERS.map(async (adapter) => {
    await optimizerStep(client, adapter);
    return { adapter, ms: performance.now() - killed };
  });
  const restart = cluster.startWorker();
  const recovered = await Promise.all(steps);
  await Promise.all([passes, restart]);
  return recovered.filter(({ adapter }) => adapters.includes(adapter)).map(({ ms }) => ms);
}

function toReport(kills, times) {
  const ms = (value) => `${value.toFixed(0)} ms`;
  return toTable(
    ['from SIGKILL of a worker to the next result', 'kills', 'adapters moved', 'p50', 'p99', 'max'],
    [
      [`${WORKERS} workers, ${ADAPTERS.length} adapters in training`, String(kills), String(times.length)].concat(
        [median(times), percentile(times, 0.99), Math.max(...times)].map(ms),
      ),
    ],
  );
}
