/** Requests accepted (written to the log and answered) while the engine is busy with one long pass. */
import { setTimeout as sleep } from 'node:timers/promises';
import { median, percentile } from '../measure.mjs';
import { tinyModel } from '../paths.mjs';
import { toTable } from '../report.mjs';
import { withService } from '../service.mjs';
import { withDatabase } from './database.mjs';
import { SMALL, smallDatums, trainingPass } from './training.mjs';

const CONNECTIONS = 8;
const WATCH_MS = 5000;
/** Minutes of work for the tiny model on one thread. */
const LONG = smallDatums(Array(1500).fill(500));
const settings = {
  BASE_MODELS: tinyModel,
  ENGINE_THREADS: '1',
  SHUTDOWN_GRACE_S: '1',
  MAX_QUEUED_PER_KEY: '1000000',
  MAX_QUEUED_REQUESTS: '1000000',
};
const COMPLETED = `SELECT count(*)::int AS completed FROM futures WHERE status = 'completed'`;

export async function measureAcceptance({ log }) {
  log('requests accepted while the engine is busy');
  return withService(settings, ({ client, databaseUrl }) =>
    withDatabase(databaseUrl, async (query) => {
      await Promise.all(['long', 'small'].map((adapter) => trainingPass(client, adapter)));
      await client.submit('fwdbwd', { model_id: 'long', data: LONG, loss_fn: 'cross_entropy' });
      await sleep(1000);
      const [before] = await query(COMPLETED);
      const times = await acceptFor(WATCH_MS, client);
      const [after] = await query(COMPLETED);
      return toReport(times, after.completed - before.completed);
    }),
  );
}

/** Milliseconds of each POST, from as many senders as there are connections. */
async function acceptFor(milliseconds, client) {
  const body = { model_id: 'small', data: SMALL, loss_fn: 'cross_entropy' };
  const end = performance.now() + milliseconds;
  const times = [];
  const sender = async () => {
    while (performance.now() < end) {
      const started = performance.now();
      await client.submit('fwdbwd', body);
      times.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, sender));
  return times;
}

function toReport(times, completed) {
  const ms = (value) => `${value.toFixed(1)} ms`;
  return toTable(
    ['POST /fwdbwd while the engine is busy', 'accepted', 'per second', 'p50', 'p99', 'completed meanwhile'],
    [
      [
        `${CONNECTIONS} connections, 8 tokens each`,
        String(times.length),
        String(Math.round((times.length * 1000) / WATCH_MS)),
      ]
        .concat([median(times), percentile(times, 0.99)].map(ms))
        .concat(String(completed)),
    ],
  );
}
