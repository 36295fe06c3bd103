/**
 * Concurrent long polls: their memory, CPU time and database connections, and how soon all of them are answered. The
 * service runs without a worker, so that nothing settles their requests until the adapter is deleted, which fails
 * all of its requests in one transaction.
 */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { tinyModel } from '../paths.mjs';
import { toTable } from '../report.mjs';
import { withService } from '../service.mjs';
import { cpuSeconds, residentMegabytes } from './process-usage.mjs';
import { TinkerClient } from './tinker-client.mjs';

const POLLS = 2000;
/** Maximum concurrent POSTs while the requests are created. */
const SENDERS = 64;
/** Shorter than the 40 s after which a poll is answered anyway. */
const WATCH_MS = 10_000;

export async function measurePolls({ log }) {
  log(`${POLLS} long polls`);
  return withService({ BASE_MODELS: tinyModel, ROLE: 'api' }, async (service) => {
    const database = new pg.Client({ connectionString: service.databaseUrl });
    await database.connect();
    try {
      return await measure(service, database);
    } finally {
      await database.end();
    }
  });
}

async function measure({ url, pid }, database) {
  const client = new TinkerClient(url);
  const { modelId } = await client.createModel(path.basename(tinyModel));
  const requestIds = await submitAll(client, modelId);
  const idle = await watch(pid, database);
  await together(() => client.noWork()); // opens the connections
  const emptyMs = await timeOf(() => together(() => client.noWork()));

  let answered = 0;
  const polls = requestIds.map((requestId) => client.retrieve(requestId).then((answer) => check(answer, ++answered)));
  const waiting = await watch(pid, database);
  if (answered > 0) throw new Error(`${answered} polls were answered before their requests were settled.`);
  let busiest = 0;
  const look = setInterval(async () => (busiest = Math.max(busiest, await sessionsOf(database))), 50);
  const answerMs = await timeOf(async () => {
    const response = await fetch(`${url}/adapters/${modelId}`, { method: 'DELETE' });
    if (!response.ok) throw new Error(`DELETE: ${response.status} ${await response.text()}`);
    await Promise.all(polls);
  });
  clearInterval(look);
  return toReport({ idle, waiting, busiest, answerMs, emptyMs });
}

function check(answer) {
  if (!answer.error) throw new Error(`A request of a deleted adapter has a result: ${JSON.stringify(answer)}`);
}

/** Requests of one adapter that wait for a worker. */
async function submitAll(client, modelId) {
  const requestIds = [];
  let seqId = 0;
  const line = async () => {
    while (seqId < POLLS) {
      const body = { model_id: modelId, seq_id: ++seqId, adam_params: { learning_rate: 1e-4 } };
      requestIds.push(await client.submit('optim_step', body));
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, line));
  return requestIds;
}

const together = (request) => Promise.all(Array.from({ length: POLLS }, request));

async function timeOf(work) {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** What the service uses while nothing is asked of it for a while. */
async function watch(pid, database) {
  await sleep(WATCH_MS / 2); // what came before has settled; with the watch, longer than the pool keeps idle sessions (10 s)
  const [cpu, started] = [cpuSeconds(pid), performance.now()];
  await sleep(WATCH_MS);
  const cpuShare = ((cpuSeconds(pid) - cpu) * 1000) / (performance.now() - started);
  return { cpuShare, resident: residentMegabytes(pid), sessions: await sessionsOf(database) };
}

/** Sessions of the service in Postgres. */
async function sessionsOf(database) {
  const { rows } = await database.query(
    `SELECT count(*)::int AS sessions FROM pg_stat_activity
     WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`,
  );
  return rows[0].sessions;
}

function toReport({ idle, waiting, busiest, answerMs, emptyMs }) {
  const percent = (share) => `${(share * 100).toFixed(1)} % of a core`;
  const [megabytes, ms] = [(value) => `${value.toFixed(0)} MB`, (value) => `${value.toFixed(0)} ms`];
  const before = 'same process, no polls';
  const ratio = (ours, other) => (ours / other).toFixed(2);
  return toTable(
    [`${POLLS} concurrent long polls`, 'with polls', 'reference', 'reference value', 'ratio'],
    [
      ['resident memory', megabytes(waiting.resident), before, megabytes(idle.resident)].concat(
        ratio(waiting.resident, idle.resident),
      ),
      ['CPU, waiting', percent(waiting.cpuShare), before, percent(idle.cpuShare), ''],
      ['database connections, waiting', String(waiting.sessions), before, String(idle.sessions), ''],
      ['database connections, answering (peak)', String(busiest), before, String(idle.sessions), ''],
      ['from settled to all answered', ms(answerMs), `${POLLS} empty requests`, ms(emptyMs), ratio(answerMs, emptyMs)],
    ],
  );
}
