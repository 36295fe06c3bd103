import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { waitFor } from '../support/wait-for.js';
import { type ServiceCluster } from './service-cluster.js';
import { type Trainer } from './trainer.js';

/** Longer than a snapshot that is being written takes to be named. */
const TIDY_MS = 30_000;
/** Operations with a digest of the state after them. */
const CHANGES = ['create_adapter', 'optim_step', 'load_weights', 'rewind_adapter'];

/** What is wrong with rows and files after a run: requests that were lost or answered twice, waste, broken names. */
export async function audit(
  cluster: ServiceCluster,
  trainers: readonly Trainer[],
  /** Requests that had to fail. */
  poisoned: readonly string[],
): Promise<string[]> {
  const rows = [await openRequests(cluster, poisoned), await lostRequests(cluster, trainers), await disorder(cluster)];
  const answers = [await changedAnswers(trainers), await diverged(cluster)];
  return [...rows, ...answers, await leftBehind(cluster), await strayFiles(cluster)].flat();
}

/** What each client's operations made of its adapter, from its creation on, by client and index among them. */
export async function stepDigests(cluster: ServiceCluster, trainers: readonly Trainer[]): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const { name, dialect } of trainers) {
    const rows = await cluster.query<{ kind: string; step: number | null; digest: string | null }>(
      `SELECT kind, futures.step, futures.digest FROM futures JOIN adapters ON adapters.id = adapter_id
       WHERE adapters.model_id = $1 AND kind = ANY ($2) ORDER BY position`,
      [dialect.modelId, CHANGES],
    );
    for (const [i, { kind, step, digest }] of rows.entries()) {
      digests.set(`${name}, change ${i + 1} (${kind})`, `step ${String(step)}, ${digest ?? 'no digest'}`);
    }
  }
  return digests;
}

/** Hashes of the files of each client's last checkpoint, by client and file. Deleted adapters have none. */
export async function finalDigests(
  cluster: ServiceCluster,
  trainers: readonly Trainer[],
): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const { name, dialect } of trainers.filter(({ isDeleted }) => !isDeleted)) {
    const rows = await cluster.query<{ path: string }>(
      `SELECT path FROM checkpoints WHERE model_id = $1 AND name = 'final'`,
      [dialect.modelId],
    );
    const folder = path.join(cluster.checkpointDir, rows[0]?.path ?? 'missing');
    for (const file of readdirSync(folder)) {
      const bytes = readFileSync(path.join(folder, file));
      digests.set(`${name} ${file}`, createHash('sha256').update(bytes).digest('hex'));
    }
  }
  return digests;
}

async function openRequests(cluster: ServiceCluster, poisoned: readonly string[]): Promise<string[]> {
  const rows = await cluster.query<{ request_id: string; kind: string; status: string; error: unknown }>(
    `SELECT request_id, kind, status, error FROM futures
     WHERE (status <> 'completed' OR result IS NULL) AND request_id <> ALL ($1)`,
    [poisoned],
  );
  return rows.map((row) => `${row.kind} ${row.request_id} is ${row.status} ${JSON.stringify(row.error)}`);
}

async function lostRequests(cluster: ServiceCluster, trainers: readonly Trainer[]): Promise<string[]> {
  const ids = trainers.flatMap(({ records }) => records.flatMap(({ requestId }) => requestId ?? []));
  const rows = await cluster.query<{ request_id: string }>(
    `SELECT request_id FROM futures WHERE request_id = ANY ($1)`,
    [ids],
  );
  const there = new Set(rows.map(({ request_id }) => request_id));
  const lost = ids.filter((id) => !there.has(id)).map((id) => `accepted request ${id} has no row`);
  const twice = ids.length - new Set(ids).size;
  return twice === 0 ? lost : [...lost, `${twice} requests share a row with another one`];
}

/** The log has the operations of every adapter in the order in which they were sent. */
async function disorder(cluster: ServiceCluster): Promise<string[]> {
  const rows = await cluster.query<{ model_id: string; seq_id: string }>(
    `SELECT model_id, seq_id FROM (
       SELECT model_id, seq_id, row_number() OVER (PARTITION BY adapter_id ORDER BY position) AS expected
       FROM futures WHERE seq_id IS NOT NULL AND adapter_id IS NOT NULL) AS numbered WHERE seq_id <> expected`,
  );
  return rows.map((row) => `request ${row.seq_id} of ${row.model_id} is not at its position of the log`);
}

/** Asked again, every request is answered as it was during the run. */
async function changedAnswers(trainers: readonly Trainer[]): Promise<string[]> {
  const findings: string[] = [];
  for (const trainer of trainers) {
    for (const { label, requestId, answer } of trainer.records) {
      if (requestId === null) continue;
      const now = trainer.withoutNames(await trainer.dialect.result(requestId));
      if (now !== answer) findings.push(`${trainer.name}, ${label}: answered ${answer}, later ${now}`);
    }
  }
  return findings;
}

/** A repeat that came to another state is noticed by the service itself. */
async function diverged(cluster: ServiceCluster): Promise<string[]> {
  const rows = await cluster.query<{ model_id: string; step: number }>(
    `SELECT model_id, diverged_at_step AS step FROM adapters WHERE diverged_at_step IS NOT NULL`,
  );
  return rows.map(({ model_id, step }) => `a repeat of step ${step} of ${model_id} gave another state`);
}

/** A deletion takes everything along, though the state may have to wait for a fork that is being made. */
function leftBehind(cluster: ServiceCluster): Promise<string[]> {
  return onceEmpty(async () => {
    const rows = await cluster.query<{ path: string }>(
      `SELECT path FROM (SELECT adapter_id, path FROM checkpoints UNION SELECT adapter_id, path FROM adapter_snapshots)
         AS kept JOIN adapters ON adapters.id = adapter_id WHERE deleted_at IS NOT NULL`,
    );
    return rows.map((row) => `${row.path} belongs to a deleted adapter`);
  });
}

/** Folders that no row names, and rows that name no folder; both are allowed for the moment in which one is made. */
function strayFiles(cluster: ServiceCluster): Promise<string[]> {
  return onceEmpty(async () => {
    // Folders first: the row comes after the folder.
    const folders = ['checkpoints', 'state'].flatMap((kind) => foldersIn(cluster.checkpointDir, kind));
    const rows = await cluster.query<{ path: string }>(
      `SELECT path FROM checkpoints UNION SELECT path FROM adapter_snapshots`,
    );
    const named = new Set(rows.map((row) => row.path));
    const stray = await withoutHolders(
      cluster,
      folders.filter((name) => !named.has(name)),
    );
    const missing = [...named].filter((name) => !existsSync(path.join(cluster.checkpointDir, name)));
    return [
      ...missing.map((name) => `a row names ${name}, which is not there`),
      ...stray.map((name) => `no row names ${name}`),
    ];
  });
}

/** The holder of an adapter deletes what its predecessors have left; what it left itself waits for the hourly sweep. */
async function withoutHolders(cluster: ServiceCluster, folders: readonly string[]): Promise<string[]> {
  const rows = await cluster.query<{ id: string; lease: string }>(`SELECT id, lease FROM adapters`);
  const leases = new Map(rows.map(({ id, lease }) => [id, lease]));
  return folders.filter((folder) => {
    const [kind, adapter = '', name = ''] = folder.split('/');
    return kind !== 'state' || name.split('-').pop() !== leases.get(adapter);
  });
}

/** Asks until nothing is found any more, or for so long that it will not go away. */
async function onceEmpty<T>(find: () => Promise<T[]>): Promise<T[]> {
  let found: T[] = [];
  const isEmpty = async () => (found = await find()).length === 0;
  await waitFor('an empty list', isEmpty, { timeout: TIDY_MS }).catch(() => undefined);
  return found;
}

/** `<kind>/<adapter>/<folder>` for all that there is. */
function foldersIn(root: string, kind: string): string[] {
  const inside = (folder: string) => (existsSync(path.join(root, folder)) ? readdirSync(path.join(root, folder)) : []);
  return inside(kind).flatMap((adapter) => inside(`${kind}/${adapter}`).map((name) => `${kind}/${adapter}/${name}`));
}
