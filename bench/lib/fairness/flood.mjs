/** Ten keys at the built service, one of which sends fifty times as much. */
import { setTimeout as pause } from 'node:timers/promises';
import { tinyModel } from '../paths.mjs';
import { Client, withService } from '../service.mjs';

export const TENANT_REQUESTS = 4;
export const FLOOD_REQUESTS = 50 * TENANT_REQUESTS;
const TENANTS = 9;
const METRICS_KEY = 'metrics-key-of-the-benchmark';
const SETTLE_MS = 3000;
/** Of a key, at most. */
const ADAPTERS = 64;

const keys = Array.from({ length: TENANTS + 1 }, (_, i) => `benchmark-key-${i}`);

/**
 * Resolves with `shares` of the engine's time by key while all ten have work, their `jain` index, and the milliseconds of
 * requests of the nine, `alone` and `flooded`.
 */
export function measureFlood({ kinds, seconds }) {
  const settings = { BASE_MODELS: tinyModel, API_KEYS: keys.join(','), METRICS_KEY, METRICS_MAX_KEYS: '20' };
  return withService(settings, async ({ url }) => {
    const crowd = new Crowd(url, kinds);
    for (const key of keys.slice(0, TENANTS)) crowd.join(key, TENANT_REQUESTS);
    await pause(SETTLE_MS);
    const alone = await crowd.timesFor(seconds * 500);
    crowd.join(keys[TENANTS], FLOOD_REQUESTS);
    await pause(SETTLE_MS);
    const before = await engineSeconds(url);
    const flooded = await crowd.timesFor(seconds * 1000);
    const after = await engineSeconds(url);
    await crowd.leave();
    const used = [...after].map(([key, value]) => value - (before.get(key) ?? 0));
    if (used.length !== keys.length) throw new Error(`Only ${used.length} keys have used the engine.`);
    const total = used.reduce((sum, value) => sum + value, 0);
    return { shares: used.map((value) => value / total), jain: jainIndex(used), alone, flooded };
  });
}

/** Clients that each have a number of requests open until all leave. */
class Crowd {
  #url;
  #kinds;
  #left = false;
  #clients = [];
  /** Milliseconds of the requests of the nine keys. */
  #times = [];

  constructor(url, kinds) {
    this.#url = url;
    this.#kinds = kinds;
  }

  join(key, open) {
    const client = new Client(this.#url, key);
    for (let i = 0; i < open; i++) this.#clients.push(this.#repeat(client, i, key === keys[TENANTS]));
  }

  async timesFor(ms) {
    this.#times = [];
    await pause(ms);
    return [...this.#times];
  }

  async leave() {
    this.#left = true;
    await Promise.all(this.#clients);
  }

  async #repeat(client, index, floods) {
    const kind = this.#kinds[index % this.#kinds.length];
    // Requests of one adapter run one after another.
    const model_id = `adapter-${index % ADAPTERS}`;
    for (let round = 0; !this.#left; round++) {
      const started = performance.now();
      await REQUESTS[kind](client, { model_id, seed: round * 1000 + index });
      if (!floods) this.#times.push(performance.now() - started);
    }
  }
}

const REQUESTS = {
  train(client, { model_id, seed }) {
    const tokens = tokensFrom(seed, 128);
    const target_tokens = { data: tokens, dtype: 'int64', shape: [tokens.length] };
    const datum = { model_input: { chunks: [{ type: 'encoded_text', tokens }] }, loss_fn_inputs: { target_tokens } };
    return succeed(client, 'fwdbwd', { model_id, data: [datum] });
  },
  sample(client, { seed }) {
    const request = { model_id: 'base', tokens: tokensFrom(seed, 32), max_new_tokens: 32, seed, stop: [], async: true };
    return succeed(client, 'generate', request);
  },
};

const tokensFrom = (seed, count) => Array.from({ length: count }, (_, i) => 3 + ((i * 7 + seed) % 2000));

async function succeed(client, route, body) {
  const { status, answer } = await client.roundTrip(route, body);
  if (status !== 200) throw new Error(`${route}: ${status} ${JSON.stringify(answer)}`);
}

/** By the label of the key. A busy engine may miss the time that a scrape waits for it; the next one is asked then. */
async function engineSeconds(url) {
  for (;;) {
    const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${METRICS_KEY}` } });
    const text = await response.text();
    const found = [...text.matchAll(/^thinker_key_engine_seconds_total\{key="([^"]+)"\} (\S+)/gm)];
    if (found.length > 0) return new Map(found.map(([, key, value]) => [key, Number(value)]));
    await pause(500);
  }
}

/** 1 where all are equal, 1/n where one has everything. */
function jainIndex(values) {
  const sum = values.reduce((total, value) => total + value, 0);
  const squares = values.reduce((total, value) => total + value * value, 0);
  return sum ** 2 / (values.length * squares);
}
