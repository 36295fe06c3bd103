import { isIP } from 'node:net';
import { bool, host, makeValidator, str } from 'envalid';
import { parseFaults } from '../common/fault-points.js';

/**
 * Every environment variable the service reads, with its default, what is allowed and what it is for: the only list.
 * AppConfig parses with it and .env.example is generated from it.
 */

/** An http(s) address, or nothing. */
const optionalUrl = (...protocols: string[]) =>
  makeValidator<string>((input) => {
    if (input === '') return input;
    const protocol = URL.canParse(input) ? new URL(input).protocol : '';
    if (!protocols.includes(protocol)) {
      throw new Error(`must be an address starting with ${protocols.map((name) => `${name}//`).join(' or ')}`);
    }
    return input;
  });

const databaseUrl = makeValidator<string>((input) => {
  const protocol = URL.canParse(input) ? new URL(input).protocol : '';
  if (protocol !== 'postgres:' && protocol !== 'postgresql:') {
    throw new Error('must be a Postgres address such as postgres://user:password@host:5432/database');
  }
  return input;
});

const wholeNumber = (min: number, max: number) =>
  makeValidator<number>((input) => {
    const value = Number(input);
    if (input.trim() === '' || !Number.isInteger(value) || value < min || value > max) {
      throw new Error(`must be a whole number from ${min} to ${max}`);
    }
    return value;
  });

const names = makeValidator<readonly string[]>((input) => {
  const list = input.split(',').map((name) => name.trim());
  if (list.some((name) => name === '')) throw new Error('must be names separated by commas, none of them empty');
  return list;
});

const hostNames = makeValidator<readonly string[]>((input) => {
  const list = input.split(',').map((name) => name.trim());
  if (list.some((name) => !/^[^\s:/[\]]+$/.test(name) && isIP(name) === 0)) {
    throw new Error('must be host names or addresses separated by commas, without http:// and without a port');
  }
  return list;
});

/** As browsers send them: no path, no slash at the end, no default port. */
const origins = makeValidator<readonly string[]>((input) => {
  const list = input.split(',').map((origin) => origin.trim());
  for (const origin of list) {
    const isWeb = /^https?:/.test(origin) && URL.canParse(origin) && new URL(origin).origin === origin;
    if (origin !== '*' && !isWeb && !/^(?!https?:)[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]+$/.test(origin)) {
      throw new Error(`must be * or origins separated by commas, and '${origin}' is not one`);
    }
  }
  return list;
});

const faults = makeValidator<string>((input) => {
  parseFaults(input);
  return input;
});

export const ROLES = ['all', 'api', 'worker'] as const;
export const ENGINES = ['auto', 'onnxruntime', 'tensorflow'] as const;
export const DEVICES = ['auto', 'cpu', 'webgpu', 'cuda'] as const;
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'] as const;

export const ENV_SCHEMA = {
  PORT: wholeNumber(
    0,
    65_535,
  )({
    default: 8000,
    desc: 'TCP port of the HTTP server, which a worker has too, for health checks (0 = any free one).',
  }),
  HOST: host({ default: '127.0.0.1', desc: 'Address to listen on; 0.0.0.0 for every interface.' }),
  API_KEYS: names({
    default: [],
    desc: 'Keys that clients must send as X-API-Key, separated by commas. Empty and none made with `npm run keys`: no key is asked for.',
  }),
  ADMIN_KEYS: names({
    default: [],
    desc: 'Keys of operators, separated by commas: as API_KEYS, and once any key is configured they alone open /admin/queues.',
  }),
  ALLOW_NO_KEYS: bool({
    default: false,
    desc: 'Listen beyond loopback although no API key is configured: everybody who reaches the port may use the service.',
  }),
  PUBLIC_URL: optionalUrl(
    'http:',
    'https:',
  )({
    default: '',
    desc: 'Address under which clients reach the service, for download links; set it behind a proxy or an ssh tunnel. Empty = the address of the request.',
    example: 'https://thinker.example.com',
  }),
  ALLOWED_HOSTS: hostNames({
    default: [],
    desc: 'Further names under which clients reach the service, separated by commas. Without API keys, requests to names other than localhost, 127.x.x.x, [::1], HOST, the one in PUBLIC_URL and these are answered 421 (with ALLOW_NO_KEYS=true any IP address is fine); with keys, download links to other names are.',
    example: 'gpu-box,thinker.internal',
  }),
  CORS_ORIGINS: origins({
    default: [],
    desc: 'Origins of web pages that may use the API from a browser, separated by commas; * = every page, which without API keys gives the service to all of them. Pages of other origins can change nothing.',
    example: 'https://dashboard.example.com,http://localhost:3000',
  }),
  SESSION_TIMEOUT_S: wholeNumber(
    15,
    86_400,
  )({
    default: 300,
    desc: 'A Tinker session whose heartbeats stop for this long is ended: its adapters leave memory, nothing is lost.',
  }),
  UNNAMED_SAMPLER_HOURS: wholeNumber(
    0,
    87_600,
  )({
    default: 24,
    desc: 'An unnamed sampler snapshot (save_weights_and_get_sampling_client) is deleted so long after it was made, or last prolonged: sampling from it in the second half of its time begins it anew. 0 = an hour after its session is finished, and never if its client dies without a word.',
  }),
  LONG_POLL_S: wholeNumber(
    1,
    44,
  )({
    default: 40,
    desc: 'POST /api/v1/retrieve_future waits this long for a result before it answers 408. The Tinker SDK hangs up after 45 s.',
  }),
  ROLE: str({
    choices: ROLES,
    default: 'all',
    desc: 'all = HTTP API and compute in one process; api and worker = one of them. Split roles need REDIS_URL.',
  }),
  DATABASE_URL: databaseUrl({
    desc: 'Postgres database; the schema is created and updated at start. A pooler in front of it must keep sessions (LISTEN) and pass startup parameters on. Required.',
    example: 'postgres://thinker:secret@127.0.0.1:5432/thinker',
  }),
  DATABASE_POOL_SIZE: wholeNumber(2, 1000)({ default: 10, desc: 'Most database connections of one process.' }),
  REDIS_URL: optionalUrl(
    'redis:',
    'rediss:',
  )({
    default: '',
    desc: 'Redis for the job queue. Empty = queue inside the process, which only ROLE=all allows.',
    example: 'redis://127.0.0.1:6379/0',
  }),
  BASE_MODELS: names({
    default: ['HuggingFaceTB/SmolLM2-135M-Instruct'],
    desc: 'Base models to serve: Hugging Face ids or local folders, separated by commas. The first is the default.',
  }),
  LOSS_PLUGINS: names({
    default: [],
    desc: 'Folders of compiled losses (.js, .mjs), separated by commas, the same for api and worker: docs/custom-losses.md.',
    example: '/srv/thinker/losses',
  }),
  DATA_DIR: str({
    default: '.data',
    desc: 'Folder for checkpoints and adapter state; api and worker must share it, two databases must not.',
  }),
  HF_ENDPOINT: optionalUrl(
    'http:',
    'https:',
  )({
    default: 'https://huggingface.co',
    desc: 'Hub to fetch base models from.',
  }),
  HF_TOKEN: str({ default: '', desc: 'Hub access token for gated or private models.' }),
  HF_HOME: str({ default: '', desc: 'Cache folder of the hub. Empty = ~/.cache/huggingface.' }),
  ENGINE: str({
    choices: ENGINES,
    default: 'auto',
    desc: 'Tensor engine. auto = tensorflow with a GPU, else onnxruntime.',
  }),
  DEVICE: str({
    choices: DEVICES,
    default: 'auto',
    desc: 'Device the engine computes on; docs/gpu.md says what cuda and webgpu need.',
  }),
  ENGINE_THREADS: wholeNumber(0, 1024)({ default: 0, desc: 'CPU threads of the engine. 0 = one per core.' }),
  MEMORY_BUDGET_MB: wholeNumber(
    0,
    16_777_216,
  )({
    default: 0,
    desc: 'Memory for one pass of the engine; longer batches are split. 0 = chosen from the machine.',
  }),
  ADAPTER_MEMORY_MB: wholeNumber(
    0,
    16_777_216,
  )({
    default: 0,
    desc: 'Memory for the states of adapters; beyond it those not used for longest are written down and come back on demand. An adapter whose request the worker holds stays (see QUEUE_CONCURRENCY). 0 = a quarter of the machine.',
  }),
  ADAPTER_IDLE_S: wholeNumber(
    1,
    31_536_000,
  )({
    default: 600,
    desc: 'An adapter that is not used for this long leaves memory; it comes back on demand, on any worker.',
  }),
  PACK_WEIGHTS: bool({
    default: true,
    desc: 'Keep copies of the base weights in the layout that multiplies fastest. false: a third less memory, steps up to 1.4 times as long.',
  }),
  BODY_LIMIT_MB: wholeNumber(1, 1024)({ default: 64, desc: 'Largest request body, after decompression.' }),
  BODIES_IN_FLIGHT_MB: wholeNumber(
    1,
    1_048_576,
  )({
    default: 512,
    desc: 'Bytes of request bodies in memory, over all requests, counted as they arrive; one key, or one address where no keys are asked for, has at most half of it. More are answered 429. A worker holds payloads of as many bytes at once.',
  }),
  BODY_GRACE_S: wholeNumber(1, 3600)({ default: 10, desc: 'Seconds; then bodies must come at 16 kB/s, or get 408.' }),
  MAX_QUEUED_PER_KEY: wholeNumber(
    1,
    100_000_000,
  )({
    default: 10_000,
    desc: 'Requests of one API key that may wait; more are answered 429. From half of it on, polls say that capacity is short.',
  }),
  MAX_QUEUED_REQUESTS: wholeNumber(1, 100_000_000)({ default: 50_000, desc: 'The same for all keys together.' }),
  MAX_ADAPTERS_PER_KEY: wholeNumber(
    1,
    100_000_000,
  )({
    default: 10_000,
    desc: 'Adapters that one API key may have at a time; making more is answered 403. Each keeps snapshots in DATA_DIR.',
  }),
  FUTURE_RETENTION_HOURS: wholeNumber(
    0,
    87_600,
  )({
    default: 72,
    desc: 'Settled requests are kept this long (longer where an adapter needs them to be rebuilt). 0 = for ever.',
  }),
  DELETED_ADAPTER_HOURS: wholeNumber(
    0,
    876_000,
  )({
    default: 720,
    desc: 'The row of a deleted adapter (name, settings, owner) is deleted this long after the adapter, once its requests are gone, too. 0 = never.',
  }),
  SNAPSHOT_INTERVAL_S: wholeNumber(
    0,
    86_400,
  )({
    default: 10,
    desc: 'At most one snapshot of an adapter in training per this many seconds. 0 = after every change.',
  }),
  SNAPSHOT_STEPS: wholeNumber(
    0,
    1_000_000,
  )({
    default: 0,
    desc: 'A snapshot of an adapter after so many optimiser steps, beside those in time. 0 = in time alone.',
  }),
  SNAPSHOTS_KEPT: wholeNumber(
    2,
    10_000,
  )({
    default: 8,
    desc: 'Snapshots kept of each adapter, spread over its history: the more, the faster a rewind. More while they hold what the log cannot repeat.',
  }),
  QUEUE_CONCURRENCY: wholeNumber(
    1,
    10_000,
  )({
    default: 128,
    desc: 'Requests a worker holds at once; as many adapters may be in memory whatever ADAPTER_MEMORY_MB says.',
  }),
  LOG_LEVEL: str({ choices: LOG_LEVELS, default: 'log', desc: 'Least severe level that is logged.' }),
  SHUTDOWN_GRACE_S: wholeNumber(
    0,
    3600,
  )({
    default: 20,
    desc: 'On SIGTERM a running request may take this long; after that it is left for the next start.',
  }),
  FAULT_AT: faults({
    default: '',
    desc: 'For tests only: where this process kills (or stops) itself, as <point>[:kill|:stop][@<n>], separated by commas; points are in src/common/fault-points.ts.',
  }),
  FAULT_DISK_FULL: str({
    default: '',
    desc: 'For tests only: while this file exists, checkpoints cannot be written, as on a full disk.',
  }),
} as const;

export type EnvName = keyof typeof ENV_SCHEMA;

/** Values that never appear in a message or a log. */
export const SECRETS: ReadonlySet<string> = new Set<EnvName>([
  ...(['HF_TOKEN', 'API_KEYS', 'ADMIN_KEYS', 'DATABASE_URL', 'REDIS_URL'] as const),
]);
