import { bool, host, makeValidator, str } from 'envalid';

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

export const ROLES = ['all', 'api', 'worker'] as const;
export const ENGINES = ['auto', 'onnxruntime', 'tensorflow'] as const;
export const DEVICES = ['auto', 'cpu', 'webgpu', 'cuda'] as const;
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'] as const;

export const ENV_SCHEMA = {
  PORT: wholeNumber(0, 65_535)({ default: 8000, desc: 'TCP port of the HTTP server (0 = any free one).' }),
  HOST: host({ default: '127.0.0.1', desc: 'Address to listen on; 0.0.0.0 for every interface.' }),
  API_KEYS: names({
    default: [],
    desc: 'Keys that clients must send as X-API-Key, separated by commas. Empty and none made with `npm run keys`: no key is asked for.',
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
    desc: 'Address under which clients reach the service, for download links. Empty = the address of the request.',
    example: 'https://thinker.example.com',
  }),
  SESSION_TIMEOUT_S: wholeNumber(
    15,
    86_400,
  )({
    default: 300,
    desc: 'A Tinker session whose heartbeats stop for this long is ended: its adapters leave memory, nothing is lost.',
  }),
  ROLE: str({
    choices: ROLES,
    default: 'all',
    desc: 'all = HTTP API and compute in one process; api and worker = one of them. Split roles need REDIS_URL.',
  }),
  DATABASE_URL: databaseUrl({
    desc: 'Postgres database. Required; the schema is created and updated at start.',
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
  DATA_DIR: str({ default: '.data', desc: 'Folder for checkpoints and adapter state; api and worker must share it.' }),
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
  DEVICE: str({ choices: DEVICES, default: 'auto', desc: 'Device the engine computes on.' }),
  ENGINE_THREADS: wholeNumber(0, 1024)({ default: 0, desc: 'CPU threads of the engine. 0 = one per core.' }),
  MEMORY_BUDGET_MB: wholeNumber(
    0,
    16_777_216,
  )({
    default: 0,
    desc: 'Memory for one pass of the engine; longer batches are split. 0 = chosen from the machine.',
  }),
  PACK_WEIGHTS: bool({
    default: true,
    desc: 'Keep copies of the base weights in the layout that multiplies fastest. false: a third less memory, steps up to 1.4 times as long.',
  }),
  BODY_LIMIT_MB: wholeNumber(1, 1024)({ default: 64, desc: 'Largest request body, after decompression.' }),
  FUTURE_RETENTION_HOURS: wholeNumber(
    0,
    87_600,
  )({
    default: 72,
    desc: 'Settled requests are kept this long (longer where an adapter needs them to be rebuilt). 0 = for ever.',
  }),
  SNAPSHOT_INTERVAL_S: wholeNumber(
    0,
    86_400,
  )({
    default: 10,
    desc: 'At most one snapshot of an adapter in training per this many seconds. 0 = after every change.',
  }),
  QUEUE_CONCURRENCY: wholeNumber(1, 10_000)({ default: 128, desc: 'Requests a worker holds at once.' }),
  LOG_LEVEL: str({ choices: LOG_LEVELS, default: 'log', desc: 'Least severe level that is logged.' }),
  SHUTDOWN_GRACE_S: wholeNumber(
    0,
    3600,
  )({
    default: 20,
    desc: 'On SIGTERM a running request may take this long; after that it is left for the next start.',
  }),
} as const;

export type EnvName = keyof typeof ENV_SCHEMA;

/** Values that never appear in a message or a log. */
export const SECRETS: ReadonlySet<string> = new Set<EnvName>(['HF_TOKEN', 'API_KEYS', 'DATABASE_URL', 'REDIS_URL']);
