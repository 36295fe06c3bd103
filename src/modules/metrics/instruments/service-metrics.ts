import { type Registry } from 'prom-client';
import { type BodyBudget } from '../../../common/http/bodies/body-budget.js';
import { type SessionCounts } from '../../../database/session-counts.js';
import { type StorageCheck } from '../../../storage/storage-check.js';
import { type AdapterRepository } from '../../adapters/index.js';
import { type OpenOperations, type OperationLogRepository, type WaiterHub } from '../../futures/index.js';
import { type WorkersService } from '../../workers/index.js';
import { KeptReading } from '../kept-reading.js';
import { ReadGauge, type Sample } from './read-metrics.js';

/** What is common to all processes is read at most this often by each. */
const KEPT_MS = 5000;

/** Where the state of the service is read. */
export interface ServiceSources {
  readonly log: Pick<OperationLogRepository, 'countOpen'>;
  readonly adapters: Pick<AdapterRepository, 'countAllLive'>;
  readonly workers: Pick<WorkersService, 'listAlive'>;
  readonly storage: Pick<StorageCheck, 'condition'>;
  readonly polls: Pick<WaiterHub, 'openPolls'>;
  readonly bodies: Pick<BodyBudget, 'bytes'>;
  readonly sessions: () => SessionCounts | null;
}

/** The queue, the adapters and the workers, which every process sees alike, and what this process holds. */
export function measureService(registry: Registry, sources: ServiceSources): void {
  measureQueue(registry, sources.log);
  measureAdapters(registry, sources.adapters);
  measureStorage(registry, sources.storage);
  measureProcess(registry, sources);
  const workers = new KeptReading(() => sources.workers.listAlive(), KEPT_MS);
  const alive = { name: 'thinker_workers_alive', help: 'Workers that take operations.' };
  new ReadGauge({ registry, ...alive }, async () => numberOrNothing((await workers.value())?.length));
}

function measureQueue(registry: Registry, log: ServiceSources['log']): void {
  const open = new KeptReading(() => log.countOpen(), KEPT_MS);
  const show = (pick: (counts: OpenOperations) => Sample) => async () => ((await open.value()) ?? []).map(pick);
  const depth = { name: 'thinker_queue_operations', help: 'Operations that are pending or running, by kind.' };
  new ReadGauge(
    { registry, ...depth },
    show(({ kind, status, count }) => ({ labels: { kind, status }, value: count })),
  );
  const oldest = {
    name: 'thinker_queue_oldest_seconds',
    help: 'Age of the oldest operation that is pending or running, by kind.',
  };
  new ReadGauge(
    { registry, ...oldest },
    show(({ kind, status, oldestS }) => ({ labels: { kind, status }, value: oldestS })),
  );
}

function measureAdapters(registry: Registry, adapters: ServiceSources['adapters']): void {
  const counted = new KeptReading(() => adapters.countAllLive(), KEPT_MS);
  const live = { name: 'thinker_adapters', help: 'Adapters that have not been deleted.' };
  new ReadGauge({ registry, ...live }, async () => numberOrNothing((await counted.value())?.live));
  const diverged = {
    name: 'thinker_adapters_diverged',
    help: 'Adapters whose state a replay of the log did not reproduce.',
  };
  new ReadGauge({ registry, ...diverged }, async () => numberOrNothing((await counted.value())?.diverged));
}

function measureStorage(registry: Registry, storage: ServiceSources['storage']): void {
  const condition = new KeptReading(() => storage.condition(), KEPT_MS);
  const free = { name: 'thinker_storage_free_bytes', help: 'Free space of the checkpoint store.' };
  new ReadGauge({ registry, ...free }, async () => numberOrNothing((await condition.value())?.freeBytes));
  const writable = { name: 'thinker_storage_writable', help: '1 while checkpoints can be written, else 0.' };
  new ReadGauge({ registry, ...writable }, async () => {
    const found = await condition.value();
    return found ? [{ value: found.writable ? 1 : 0 }] : [];
  });
}

function measureProcess(registry: Registry, { polls, bodies, sessions }: ServiceSources): void {
  const open = { name: 'thinker_long_polls_open', help: 'Polls that wait for a result.' };
  new ReadGauge({ registry, ...open }, () => [{ value: polls.openPolls }]);
  const held = { name: 'thinker_http_bodies_bytes', help: 'Request bodies in memory, uploads included.' };
  new ReadGauge({ registry, ...held }, () => [{ value: bodies.bytes }]);
  const states = { name: 'thinker_database_sessions', help: 'Database sessions of this process, by state.' };
  new ReadGauge({ registry, ...states }, () => {
    const counts = sessions();
    if (!counts) return [];
    return [
      { labels: { state: 'busy' }, value: counts.busy },
      { labels: { state: 'idle' }, value: counts.idle },
    ];
  });
  const waiting = { name: 'thinker_database_waiting', help: 'Statements that wait for a database session.' };
  new ReadGauge({ registry, ...waiting }, () => numberOrNothing(sessions()?.waiting));
}

function numberOrNothing(value: number | null | undefined): Sample[] {
  return typeof value === 'number' ? [{ value }] : [];
}
