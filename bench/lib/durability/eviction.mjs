/** The delay of the first operation of an adapter that was evicted because it was idle. */
import { pollFor } from '../../../scripts/lib/owned-process.mjs';
import { setTimeout as sleep } from 'node:timers/promises';
import { median, percentile } from '../measure.mjs';
import { tinyModel } from '../paths.mjs';
import { toTable } from '../report.mjs';
import { withService } from '../service.mjs';
import { withDatabase } from './database.mjs';
import { forward, trainingStep } from './training.mjs';

const ADAPTERS = Array.from({ length: 20 }, (_, i) => `adapter-${i}`);
const IDLE_S = 1;
const EVICTION_TIMEOUT_MS = 30_000;
/** A periodic snapshot would be mistaken for one written by an eviction. */
const settings = { BASE_MODELS: tinyModel, ADAPTER_IDLE_S: String(IDLE_S), SNAPSHOT_INTERVAL_S: '3600' };

/** Adapters whose last change is in a snapshot: eviction writes it. */
const WRITTEN_DOWN = `
  SELECT FROM adapters adapter WHERE EXISTS (
    SELECT FROM adapter_snapshots WHERE adapter_id = adapter.id AND position = (
      SELECT max(position) FROM futures WHERE adapter_id = adapter.id AND kind = 'optim_step'))`;

export async function measureEviction({ log }) {
  log('evicted adapters');
  return withService(settings, ({ client, databaseUrl }) =>
    withDatabase(databaseUrl, async (query) => {
      for (const adapter of ADAPTERS) await trainingStep(client, adapter);
      const evicted = ADAPTERS.slice(0, -1); // the one used last stays
      const areGone = async () => (await query(WRITTEN_DOWN)).length >= evicted.length;
      if (!(await pollFor(areGone, { timeoutMs: EVICTION_TIMEOUT_MS })))
        throw new Error('The adapters were not evicted in time.');
      await sleep(100); // from the row of the last snapshot to the end of its eviction
      const samples = { back: [], warm: [] };
      for (const adapter of evicted) {
        samples.back.push(await forward(client, adapter));
        samples.warm.push(await forward(client, adapter));
      }
      return toReport(samples);
    }),
  );
}

function toReport({ back, warm }) {
  const ms = (value) => `${value.toFixed(1)} ms`;
  const added = back.map((value, i) => value - warm[i]);
  const row = (name, times) => [name, ms(median(times)), ms(percentile(times, 0.99))];
  return toTable(
    [`${back.length} evicted adapters`, 'p50', 'p99'],
    [row('first forward after eviction', back), row('next forward', warm), row('difference', added)],
  );
}
