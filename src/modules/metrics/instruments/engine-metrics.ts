import { Counter, type Registry } from 'prom-client';
import { engineStarted } from '../../../common/probes.js';
import { type BackendCapabilities, type ComputeBackend, type EngineTimes } from '../../../compute/compute-backend.js';
import { BoundedLabels } from '../bounded-labels.js';
import { KeptReading } from '../kept-reading.js';
import { NO_KEY } from './operation-metrics.js';
import { ReadCounter, ReadGauge, ReadHistogram, type Sample } from './read-metrics.js';

/** One question to the engine serves all metrics of a scrape. */
const KEPT_MS = 500;

const TIMES: Readonly<Record<keyof EngineTimes, { readonly name: string; readonly help: string }>> = {
  passSeconds: {
    name: 'thinker_engine_pass_seconds',
    help: 'Duration of forward and backward passes, with the decode steps that ran in between.',
  },
  passTokens: { name: 'thinker_engine_pass_tokens', help: 'Tokens per pass.' },
  passAdapters: { name: 'thinker_engine_pass_adapters', help: 'Adapters and other weights that shared a pass.' },
  decodeStepSeconds: { name: 'thinker_engine_decode_step_seconds', help: 'Duration of decode steps.' },
  decodeStepGenerations: {
    name: 'thinker_engine_decode_step_generations',
    help: 'Generations that took part in a decode step.',
  },
  optimizerStepSeconds: { name: 'thinker_engine_optimizer_step_seconds', help: 'Duration of optimiser steps.' },
};

/** What the engine has counted since it started, and whether it runs. */
export function measureEngine(registry: Registry, backend: ComputeBackend, maxKeys: number): () => void {
  const work = new KeptReading(() => backend.countWork(), KEPT_MS);
  for (const key of Object.keys(TIMES) as (keyof EngineTimes)[]) {
    new ReadHistogram({ registry, ...TIMES[key] }, async () => (await work.value())?.times[key]);
  }
  const passRequests = {
    name: 'thinker_engine_pass_requests_total',
    help: 'Requests that went through passes; divided by the passes, how many share one.',
  };
  new ReadCounter({ registry, ...passRequests }, async () => {
    const counts = await work.value();
    return counts ? [{ value: counts.passRequests }] : [];
  });
  const ofKeys = {
    name: 'thinker_key_engine_seconds_total',
    help:
      'Engine time by the id of the API key (METRICS_MAX_KEYS of them, all others together); a call that several share is ' +
      'divided by their tokens.',
  };
  const labels = new BoundedLabels(maxKeys);
  new ReadCounter({ registry, ...ofKeys }, async () =>
    secondsByKey((await work.value())?.ownerMs ?? new Map(), labels),
  );
  const held = { name: 'thinker_engine_weights_resident', help: 'Adapters and sampler weights in memory.' };
  new ReadGauge({ registry, ...held }, async () => {
    const counts = await work.value();
    if (!counts) return [];
    const { adapters, samplerWeights } = counts;
    return [
      { labels: { type: 'adapter' }, value: adapters },
      { labels: { type: 'sampler' }, value: samplerWeights },
    ];
  });
  describeEngine(registry, backend);
  const starts = new Counter({
    name: 'thinker_engine_starts_total',
    help: 'Times that this worker has started an engine; above 1, one has ended.',
    registers: [registry],
  });
  return engineStarted.subscribe(() => starts.inc());
}

function secondsByKey(ownerMs: ReadonlyMap<string, number>, labels: BoundedLabels): Sample[] {
  const seconds = new Map<string, number>();
  for (const [owner, ms] of ownerMs) {
    const key = labels.of(owner === '' ? NO_KEY : owner);
    seconds.set(key, (seconds.get(key) ?? 0) + ms / 1000);
  }
  return [...seconds].map(([key, value]) => ({ labels: { key }, value }));
}

function describeEngine(registry: Registry, backend: ComputeBackend): void {
  const up = { name: 'thinker_engine_up', help: '1 while the engine runs, else 0.' };
  new ReadGauge({ registry, ...up }, () => [{ value: capabilitiesOf(backend) ? 1 : 0 }]);
  const info = { name: 'thinker_engine_info', help: 'What the engine is, in its labels.' };
  new ReadGauge({ registry, ...info }, () => {
    const found = capabilitiesOf(backend);
    return found
      ? [{ labels: { engine: found.engine, device: found.device, batching: found.batching }, value: 1 }]
      : [];
  });
  const ranks = { name: 'thinker_engine_ranks', help: 'Processes that hold a share of the models.' };
  new ReadGauge({ registry, ...ranks }, () => {
    const found = capabilitiesOf(backend);
    return found ? [{ value: found.ranks }] : [];
  });
}

/** Null while no engine runs. */
function capabilitiesOf(backend: ComputeBackend): BackendCapabilities | null {
  try {
    return backend.capabilities;
  } catch {
    return null;
  }
}
