import { bool, host, str } from 'envalid';
import { KEY_LIMITS_ENV_SCHEMA } from '../keys/key-limits-env-schema.js';
import { STORE_ENV_SCHEMA } from '../store/store-env-schema.js';
import { TELEMETRY_ENV_SCHEMA } from '../telemetry/telemetry-env-schema.js';
import { TORCH_ENV_SCHEMA } from '../torch/torch-env-schema.js';
import { databaseUrl, faults, hostNames, names, optionalUrl, origins, wholeNumber } from './env-validators.js';

/**
 * The only list of the environment variables that the service reads, with defaults, allowed values and descriptions.
 * AppConfig parses the environment with it, and .env.example is generated from it.
 */

export const ROLES = ['all', 'api', 'worker'] as const;
export const ENGINES = ['auto', 'onnxruntime', 'tensorflow'] as const;
export const DEVICES = ['auto', 'cpu', 'webgpu', 'cuda'] as const;
export const BATCHING = ['exact', 'rounding', 'off'] as const;

export const ENV_SCHEMA = {
  PORT: wholeNumber(
    0,
    65_535,
  )({
    default: 8000,
    desc: 'TCP port of the HTTP server; 0 picks a free port. Workers listen too, for health checks.',
  }),
  HOST: host({ default: '127.0.0.1', desc: 'Address to listen on; 0.0.0.0 listens on all interfaces.' }),
  API_KEYS: names({
    default: [],
    desc: 'Comma-separated API keys, which clients send as X-API-Key. If this is empty and no key was created with `npm run keys`, no key is required.',
  }),
  ADMIN_KEYS: names({
    default: [],
    desc: 'Comma-separated operator keys. They work like API_KEYS; once any key is configured, only they open /admin/queues.',
  }),
  ALLOW_NO_KEYS: bool({
    default: false,
    desc: 'Allow listening beyond loopback without API keys: everyone who can reach the port may use the service.',
  }),
  PUBLIC_URL: optionalUrl(
    'http:',
    'https:',
  )({
    default: '',
    desc: 'Public URL of the service, used in download links; set it behind a proxy or an SSH tunnel. Empty = derived from the request.',
    example: 'https://thinker.example.com',
  }),
  ALLOWED_HOSTS: hostNames({
    default: [],
    desc: 'Comma-separated additional host names of the service. Without API keys, requests to any host except localhost, 127.x.x.x, [::1], HOST, the host in PUBLIC_URL and these names are rejected with 421 (with ALLOW_NO_KEYS=true, any IP address is allowed). With API keys, only download links to other hosts are rejected.',
    example: 'gpu-box,thinker.internal',
  }),
  WEBHOOKS_ALLOW_PRIVATE: bool({
    default: false,
    desc: 'true = webhooks may post to private, loopback and link-local addresses, which are those of your own network. Only where you trust every key.',
  }),
  CORS_ORIGINS: origins({
    default: [],
    desc: 'Comma-separated origins of web pages that may use the API from a browser; * allows every page, which without API keys gives all of them access. Pages of other origins cannot change anything.',
    example: 'https://dashboard.example.com,http://localhost:3000',
  }),
  SESSION_TIMEOUT_S: wholeNumber(
    15,
    86_400,
  )({
    default: 300,
    desc: 'Seconds without a heartbeat after which a Tinker session is ended. Its adapters are evicted from memory; nothing is lost.',
  }),
  UNNAMED_SAMPLER_HOURS: wholeNumber(
    0,
    87_600,
  )({
    default: 24,
    desc: 'Hours until unnamed sampler weights (save_weights_and_get_sampling_client) are deleted. Sampling in the second half of this time restarts it. 0 = one hour after their session is finished, or never if the client dies without finishing it.',
  }),
  LONG_POLL_S: wholeNumber(
    1,
    44,
  )({
    default: 40,
    desc: 'Seconds that POST /api/v1/retrieve_future waits for a result before it answers 408. The Tinker SDK gives up after 45 s.',
  }),
  ROLE: str({
    choices: ROLES,
    default: 'all',
    desc: 'all = HTTP API and worker in one process; api or worker = only one of them. Separate roles require REDIS_URL.',
  }),
  DATABASE_URL: databaseUrl({
    desc: 'Postgres database. The schema is created and migrated at startup. A connection pooler in front of it must use session mode (for LISTEN) and pass on startup parameters. Required.',
    example: 'postgres://thinker:secret@127.0.0.1:5432/thinker',
  }),
  DATABASE_POOL_SIZE: wholeNumber(2, 1000)({ default: 10, desc: 'Maximum database connections per process.' }),
  REDIS_URL: optionalUrl(
    'redis:',
    'rediss:',
  )({
    default: '',
    desc: 'Redis for the job queue. Empty = in-process queue, which is only possible with ROLE=all.',
    example: 'redis://127.0.0.1:6379/0',
  }),
  BASE_MODELS: names({
    default: ['HuggingFaceTB/SmolLM2-135M-Instruct'],
    desc: 'Comma-separated base models to serve: Hugging Face ids or local folders. The first one is the default.',
  }),
  LOSS_PLUGINS: names({
    default: [],
    desc: 'Comma-separated folders of compiled loss plugins (.js, .mjs), identical for api and worker; see docs/custom-losses.md.',
    example: '/srv/thinker/losses',
  }),
  DATA_DIR: str({
    default: '.data',
    desc: 'Folder for checkpoints, adapter state and uploaded files. api and worker must share it unless CHECKPOINT_STORE is set; two databases must not.',
  }),
  ...STORE_ENV_SCHEMA,
  HF_ENDPOINT: optionalUrl(
    'http:',
    'https:',
  )({
    default: 'https://huggingface.co',
    desc: 'Hugging Face Hub to download base models from.',
  }),
  HF_TOKEN: str({ default: '', desc: 'Hugging Face access token for gated or private models.' }),
  HF_HOME: str({ default: '', desc: 'Hugging Face cache folder. Empty = ~/.cache/huggingface.' }),
  ...TORCH_ENV_SCHEMA,
  ENGINE: str({
    choices: ENGINES,
    default: 'auto',
    desc: 'Tensor engine of BACKEND=local. auto = tensorflow if a GPU is available, otherwise onnxruntime.',
  }),
  DEVICE: str({
    choices: DEVICES,
    default: 'auto',
    desc: 'Device to compute on; see docs/gpu.md for the requirements of cuda and webgpu.',
  }),
  ENGINE_THREADS: wholeNumber(
    0,
    1024,
  )({
    default: 0,
    desc: 'CPU threads of the engine; with BACKEND=torch or megatron, of each rank. 0 = all cores, shared between the ranks.',
  }),
  MEMORY_BUDGET_MB: wholeNumber(
    0,
    16_777_216,
  )({
    default: 0,
    desc: 'Memory for one pass of the engine. Larger batches are split into micro-batches; a longer sequence is computed layer by layer, which takes a fifth of the memory and more time. 0 = derived from the machine.',
  }),
  PREFIX_CACHE_MB: wholeNumber(
    0,
    16_777_216,
  )({
    default: 512,
    desc: 'Maximum memory for prompts that have been read, so that later ones with the same beginning need not be read from the start (docs/batching.md). 0 = every prompt is read.',
  }),
  ADAPTER_MEMORY_MB: wholeNumber(
    0,
    16_777_216,
  )({
    default: 0,
    desc: "Memory for adapter states. Above it, the least recently used adapters are written to disk and reloaded on demand. Adapters with an operation in the worker stay resident (see ADAPTER_CONCURRENCY). 0 = a quarter of the machine's memory.",
  }),
  ADAPTER_IDLE_S: wholeNumber(
    1,
    31_536_000,
  )({
    default: 600,
    desc: 'Seconds without use after which an adapter is evicted from memory. Any worker reloads it on demand.',
  }),
  PACK_WEIGHTS: bool({
    default: true,
    desc: 'Multiply by the base weights in the fastest layout. It is made at the first start and takes three times the disk space of the float32 weights in DATA_DIR/weights; without that space, every compiled program keeps its own copy in memory. false = half the memory for weights, but steps take up to 1.4 times as long.',
  }),
  BATCHING: str({
    choices: BATCHING,
    default: 'exact',
    desc: 'What requests that wait at the same time may share: exact = the work on the base model, if a check at the start finds that results stay the same to the last bit, else nothing; rounding = the work, even if results then differ by rounding; off = nothing.',
  }),
  BODY_LIMIT_MB: wholeNumber(1, 1024)({ default: 64, desc: 'Maximum size of a request body after decompression.' }),
  FILE_LIMIT_MB: wholeNumber(
    1,
    1_048_576,
  )({
    default: 512,
    desc: 'Maximum size of a file sent to /v1/files. Larger ones are rejected with 413 while they arrive.',
  }),
  BODIES_IN_FLIGHT_MB: wholeNumber(
    1,
    1_048_576,
  )({
    default: 512,
    desc: 'Maximum total size of request bodies in memory, counted as they arrive. One key (or one address, if no keys are required) may use half of it. Requests above the limit are rejected with 429. A worker holds at most the same amount of payloads.',
  }),
  BODY_GRACE_S: wholeNumber(
    1,
    3600,
  )({
    default: 10,
    desc: 'Seconds after which a request body must arrive at 16 kB/s or more; slower ones are rejected with 408.',
  }),
  MAX_QUEUED_PER_KEY: wholeNumber(
    1,
    100_000_000,
  )({
    default: 10_000,
    desc: 'Maximum pending requests per API key; further ones are rejected with 429. Once half of it is used, polls report that capacity is short.',
  }),
  MAX_QUEUED_REQUESTS: wholeNumber(
    1,
    100_000_000,
  )({ default: 50_000, desc: 'Maximum pending requests across all API keys.' }),
  MAX_ADAPTERS_PER_KEY: wholeNumber(
    1,
    100_000_000,
  )({
    default: 10_000,
    desc: 'Maximum adapters per API key; creating more is rejected with 403. Each adapter keeps state snapshots in DATA_DIR.',
  }),
  MAX_RUNNING_JOBS_PER_KEY: wholeNumber(
    1,
    10_000,
  )({
    default: 4,
    desc: 'Maximum fine-tuning jobs of one API key that run at a time; further ones are queued.',
  }),
  ...KEY_LIMITS_ENV_SCHEMA,
  FUTURE_RETENTION_HOURS: wholeNumber(
    0,
    87_600,
  )({
    default: 72,
    desc: 'Hours to keep settled requests (longer if an adapter needs them to be rebuilt). 0 = forever.',
  }),
  DELETED_ADAPTER_HOURS: wholeNumber(
    0,
    876_000,
  )({
    default: 720,
    desc: 'Hours after which the row of a deleted adapter (name, settings, owner) is deleted, provided that its requests are gone too. 0 = never.',
  }),
  ADAPTER_RETENTION_DAYS: wholeNumber(
    0,
    36_500,
  )({
    default: 0,
    desc: 'Days without a request after which an adapter is deleted, unless an alias or an unfinished job needs it. Its checkpoints are deleted with it. 0 = never.',
  }),
  USAGE_RETENTION_DAYS: wholeNumber(
    0,
    36_500,
  )({
    default: 0,
    desc: 'Days to keep the hourly usage of keys. 0 = forever.',
  }),
  SNAPSHOT_INTERVAL_S: wholeNumber(
    0,
    86_400,
  )({
    default: 10,
    desc: 'Minimum seconds between two state snapshots of an adapter in training. 0 = after every change.',
  }),
  SNAPSHOT_STEPS: wholeNumber(
    0,
    1_000_000,
  )({
    default: 0,
    desc: "Number of optimiser steps after which an adapter's state is saved, in addition to SNAPSHOT_INTERVAL_S. 0 = by time only.",
  }),
  SNAPSHOTS_KEPT: wholeNumber(
    2,
    10_000,
  )({
    default: 8,
    desc: 'State snapshots kept per adapter, spread over its history; more of them make rewinding faster. State snapshots that the log cannot reproduce are kept in addition.',
  }),
  QUEUE_CONCURRENCY: wholeNumber(
    1,
    10_000,
  )({
    default: 1024,
    desc: 'Maximum requests that a worker holds at the same time, and an eighth more for API keys that have none there: those that it holds can share the work of the base model.',
  }),
  ADAPTER_CONCURRENCY: wholeNumber(
    1,
    10_000,
  )({
    default: 128,
    desc: 'Maximum adapters that a worker runs requests of at the same time, and an eighth more for API keys that have none there. The same number of adapters may be in memory regardless of ADAPTER_MEMORY_MB.',
  }),
  ...TELEMETRY_ENV_SCHEMA,
  SHUTDOWN_GRACE_S: wholeNumber(
    0,
    3600,
  )({
    default: 20,
    desc: 'Seconds that a running request may take to finish after SIGTERM; after that, it is left for the next start.',
  }),
  FAULT_AT: faults({
    default: '',
    desc: 'For tests only: where this process kills or stops itself, as comma-separated <point>[:kill|:stop][@<n>]; the points are listed in src/common/fault-points.ts.',
  }),
  FAULT_DISK_FULL: str({
    default: '',
    desc: 'For tests only: while this file exists, writing checkpoints fails as if the disk were full.',
  }),
} as const;

export type EnvName = keyof typeof ENV_SCHEMA;

/** Values that never appear in a message or a log. */
export const SECRETS: ReadonlySet<string> = new Set<EnvName>([
  ...(['HF_TOKEN', 'API_KEYS', 'ADMIN_KEYS', 'METRICS_KEY', 'DATABASE_URL', 'REDIS_URL', 'TORCH_TOKEN'] as const),
]);
