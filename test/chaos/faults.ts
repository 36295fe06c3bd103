import { readdirSync, statSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { pause } from '../support/pause.js';
import { waitFor } from '../support/wait-for.js';
import { FAULT_POINTS, type FaultPoint } from '../../src/common/fault-points.js';
import { type SeededRandom } from './seeded-random.js';
import { type ServiceCluster } from './service-cluster.js';
import { type ServiceProcess } from './service-process.js';

/** Longer than a worker's silence may last before others take its work. */
const HALT_MS = 7000;
/** Of what nobody else replaces: from hardly noticed to longer than the silence of all workers may last. */
const PAUSE_MS = { min: 1500, max: 8000 };
const START_MS = 60_000;
/** A process with a trap reaches it soon, or was unlucky. */
const TRAP_MS = 30_000;

/** What a fault may touch. */
export interface Target {
  readonly cluster: ServiceCluster;
  readonly random: SeededRandom;
}

export interface FaultKind {
  readonly name: string;
  /** Resolves when the fault is over, though perhaps not its consequences; false when it did not come about. */
  strike(target: Target): Promise<boolean>;
  /**
   * Whether the next fault may strike before this one is overcome. A request is given up when four workers die of it;
   * the faults that kill all workers would come to that by chance.
   */
  readonly mayOverlap: boolean;
}

type Kind = Omit<FaultKind, 'mayOverlap'>;

const OF_ONE_PROCESS: readonly Kind[] = [
  { name: 'kill api', strike: async ({ cluster }) => cluster.api.signal('SIGKILL') },
  { name: 'end api', strike: async ({ cluster }) => cluster.api.signal('SIGTERM') },
  { name: 'halt api', strike: haltApi },
  { name: 'kill worker', strike: async (target) => (await busyWorker(target)).signal('SIGKILL') },
  { name: 'kill in a branch', strike: killInBranch },
  { name: 'end worker', strike: async (target) => (await busyWorker(target)).signal('SIGTERM') },
  { name: 'halt worker', strike: haltWorker },
  { name: 'tear snapshot', strike: tearSnapshot },
  { name: 'fill disk', strike: fillDisk },
  { name: 'flush redis', strike: ({ cluster }) => cluster.flushRedis().then(() => true) },
  { name: 'kill redis', strike: ({ cluster }) => cluster.crashRedis().then(() => true) },
  { name: 'halt redis', strike: (target) => target.cluster.haltRedis(lengthOf(target)).then(() => true) },
  { name: 'kill backend', strike: ({ cluster, random }) => cluster.killBackend(random).catch(() => false) },
  { name: 'halt postgres', strike: (target) => target.cluster.haltPostgres(lengthOf(target)).catch(() => false) },
  { name: 'crash postgres', strike: ({ cluster }) => cluster.crashPostgres().then(() => true) },
];

const AT_POINTS: readonly Kind[] = [
  ...FAULT_POINTS.map((point) => ({
    name: `kill at ${point}`,
    strike: (target: Target) => (point === 'request-inserted' ? trapApi(target) : trapWorker(target, point)),
  })),
  { name: 'halt at a point', strike: haltAtPoint },
];

/** Everything that may happen to the service while clients use it. */
export const FAULT_KINDS: readonly FaultKind[] = [
  ...OF_ONE_PROCESS.map((kind) => ({ ...kind, mayOverlap: true })),
  ...AT_POINTS.map((kind) => ({ ...kind, mayOverlap: false })),
];

/** An adapter's newest snapshot loses its end, as on a failing disk, and its worker dies: an older one has to serve. */
async function tearSnapshot({ cluster }: Target): Promise<boolean> {
  // The log can't repeat what led to a pinned one, so that has to be intact; its like are written before their result.
  const rows = await cluster
    .query<{ path: string; pid: number }>(
      `SELECT snapshot.path, worker.pid FROM adapter_snapshots snapshot
       JOIN adapters adapter ON adapter.id = adapter_id JOIN workers worker ON worker.id = adapter.worker_id
       WHERE NOT pinned AND position = (SELECT max(position) FROM adapter_snapshots WHERE adapter_id = adapter.id)
       ORDER BY snapshot.created_at DESC LIMIT 1`,
    )
    .catch(() => []);
  const [newest] = rows;
  const worker = cluster.workers.find(({ pid }) => pid === newest?.pid);
  if (newest === undefined || worker === undefined) return false;
  return tearFiles(path.join(cluster.checkpointDir, newest.path)) && worker.signal('SIGKILL');
}

/** Nothing can be written for a while, and in every second case a worker has to start while it is so. */
async function fillDisk(target: Target): Promise<boolean> {
  const { disk } = target.cluster;
  const length = lengthOf(target);
  disk.fill();
  try {
    if (target.random.chance(0.5)) (await busyWorker(target)).signal('SIGKILL');
    await pause(length);
    return true;
  } finally {
    disk.makeRoom();
  }
}

/** False when the snapshot has been thinned out meanwhile. */
function tearFiles(folder: string): boolean {
  try {
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.safetensors'))) {
      const name = path.join(folder, file);
      truncateSync(name, Math.floor(statSync(name).size / 2));
    }
    return true;
  } catch {
    return false;
  }
}

/** The worker dies while it makes a fork or an import, takes an adapter back or deletes one: rare, and soon over. */
async function killInBranch({ cluster }: Target): Promise<boolean> {
  let worker: ServiceProcess | undefined;
  const begun = async () => {
    const rows = await cluster
      .query<{ pid: number }>(
        `SELECT pid FROM futures JOIN workers worker ON worker.id = worker_id WHERE status = 'running' AND kind = ANY ($1)`,
        [['create_adapter', 'rewind_adapter', 'delete_adapter']],
      )
      .catch(() => []);
    worker = cluster.workers.find(({ pid, isRunning }) => isRunning && rows.some((row) => row.pid === pid));
    return worker !== undefined;
  };
  await waitFor('a fork or a rewind', begun, { timeout: TRAP_MS * cluster.patience }).catch(() => undefined);
  return worker?.signal('SIGKILL') ?? false;
}

async function haltWorker(target: Target): Promise<boolean> {
  const worker = await busyWorker(target);
  if (!worker.signal('SIGSTOP')) return false;
  await pause(HALT_MS);
  return worker.signal('SIGCONT');
}

async function haltApi(target: Target): Promise<boolean> {
  const { api } = target.cluster;
  if (!api.signal('SIGSTOP')) return false;
  await pause(lengthOf(target));
  return api.signal('SIGCONT');
}

const lengthOf = ({ random }: Target) => random.whole(PAUSE_MS.min, PAUSE_MS.max);

async function trapApi({ cluster: { api }, random }: Target): Promise<boolean> {
  await api.hold();
  api.start({ FAULT_AT: `request-inserted@${random.whole(1, 5)}` });
  return endsOfItself(api, TRAP_MS);
}

async function trapWorker(target: Target, point: FaultPoint): Promise<boolean> {
  const trapped = await startTrapped(target, `${point}@${timesOf(point, target.random)}`);
  return endsOfItself(trapped, TRAP_MS * target.cluster.patience);
}

/** The process stands still exactly there, is given up by the others, and then goes on as if nothing had happened. */
async function haltAtPoint(target: Target): Promise<boolean> {
  const point = target.random.pick(FAULT_POINTS.filter((name) => name !== 'request-inserted'));
  const trapped = await startTrapped(target, `${point}:stop@${timesOf(point, target.random)}`);
  const hit = await trapped.halted(TRAP_MS * target.cluster.patience);
  if (hit) await pause(HALT_MS);
  trapped.signal(hit ? 'SIGCONT' : 'SIGKILL');
  return hit;
}

/** Once per take-over, and a worker that has just been started takes few. */
const RARELY_REACHED = new Set<FaultPoint>(['lease-written', 'adapter-leased']);

const timesOf = (point: FaultPoint, random: SeededRandom) => (RARELY_REACHED.has(point) ? 1 : random.whole(1, 3));

/** Starts one worker anew with a trap in it, then kills the others, so that it takes their work. */
async function startTrapped({ cluster, random }: Target, trap: string): Promise<ServiceProcess> {
  const [trapped, ...others] = random.shuffled(cluster.workers);
  if (trapped === undefined) throw new RangeError('there is no worker');
  await trapped.stop();
  trapped.start({ FAULT_AT: trap });
  const { pid } = trapped;
  const announced = async () => {
    if (!trapped.isRunning) return true; // struck already
    const rows = await cluster.query('SELECT 1 FROM workers WHERE pid = $1', [pid]).catch(() => []);
    return rows.length > 0;
  };
  await waitFor(`the start of ${trapped.name}`, announced, { timeout: START_MS * cluster.patience });
  for (const worker of others) worker.signal('SIGKILL');
  return trapped;
}

/** Takes the process out of its trap by force when it does not reach it. */
async function endsOfItself(trapped: ServiceProcess, timeout: number): Promise<boolean> {
  const { starts } = trapped;
  const ended = () => !trapped.isRunning || trapped.starts > starts;
  const hit = await waitFor(`the end of ${trapped.name}`, ended, { timeout }).then(
    () => true,
    () => false,
  );
  if (!hit) trapped.signal('SIGKILL');
  return hit;
}

/** The worker that has begun the latest operation; any other when it is gone or the database is. */
export async function busyWorker({ cluster, random }: Target): Promise<ServiceProcess> {
  const rows = await cluster
    .query<{ pid: number }>(
      `SELECT worker.pid FROM futures JOIN workers worker ON worker.id = worker_id
       WHERE started_at IS NOT NULL ORDER BY started_at DESC LIMIT 1`,
    )
    .catch(() => []);
  const busy = cluster.workers.find(({ pid, isRunning }) => isRunning && pid === rows[0]?.pid);
  return busy ?? random.pick(cluster.workers);
}
