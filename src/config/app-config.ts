import { type CleanedEnv, cleanEnv, EnvMissingError } from 'envalid';
import { type Fault, parseFaults } from '../common/fault-points.js';
import { ConfigError } from './config.error.js';
import { ENV_SCHEMA, SECRETS } from './environment/env-schema.js';
import { type StoreConfig, storeConfig, storeWarnings } from './store/store-config.js';
import { type DefaultKeyLimits, defaultKeyLimits } from './keys/key-limits-env-schema.js';
import { type TelemetryConfig, telemetryConfig } from './telemetry/telemetry-config.js';
import { type TorchConfig, torchConfig, torchProblems, torchWarnings } from './torch/torch-config.js';

type Values = CleanedEnv<typeof ENV_SCHEMA>;
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The configuration, parsed once, typed and frozen; also its DI token. Nothing outside src/config reads the
 * environment. Tests make one with `AppConfig.fromEnv({ DATABASE_URL: ... })`.
 */
export class AppConfig {
  readonly port: number;
  readonly host: string;
  readonly apiKeys: readonly string[];
  readonly adminKeys: readonly string[];
  readonly allowNoKeys: boolean;
  readonly webhooksAllowPrivate: boolean;
  /** Empty: the address of the request. */
  readonly publicUrl: string;
  /** Names, beside those of HOST and PUBLIC_URL, that are this server's. */
  readonly allowedHosts: readonly string[];
  /** Origins whose pages may use the API, or '*'. */
  readonly corsOrigins: readonly string[];
  readonly sessionTimeoutS: number;
  /** 0: until the session is finished. */
  readonly unnamedSamplerHours: number;
  readonly longPollS: number;
  readonly role: Values['ROLE'];
  readonly databaseUrl: string;
  readonly databasePoolSize: number;
  /** Empty: the queue lives in the process. */
  readonly redisUrl: string;
  readonly baseModels: readonly string[];
  /** Folders with losses of the operator. */
  readonly lossPlugins: readonly string[];
  readonly dataDir: string;
  readonly store: StoreConfig;
  readonly hub: { readonly endpoint: string; readonly token: string; readonly home: string };
  readonly torch: TorchConfig;
  readonly engine: Values['ENGINE'];
  readonly device: Values['DEVICE'];
  /** 0 = one per core. */
  readonly engineThreads: number;
  /** 0 = chosen from the machine. */
  readonly memoryBudgetMb: number;
  /** 0 = chosen from the machine. */
  readonly prefixCacheMb: number;
  readonly adapterMemoryMb: number;
  readonly adapterIdleS: number;
  readonly packWeights: boolean;
  readonly batching: Values['BATCHING'];
  readonly bodyLimitMb: number;
  readonly files: { readonly limitMb: number };
  readonly bodiesInFlightMb: number;
  readonly bodyGraceS: number;
  readonly maxQueuedPerKey: number;
  readonly maxQueuedRequests: number;
  readonly maxAdaptersPerKey: number;
  readonly maxRunningJobsPerKey: number;
  readonly keyLimits: DefaultKeyLimits;
  /** 0 = for ever. */
  readonly futureRetentionHours: number;
  /** 0 = for ever. */
  readonly deletedAdapterHours: number;
  /** 0 = for ever. */
  readonly retentionDays: { readonly adapters: number; readonly usage: number };
  readonly snapshotIntervalS: number;
  /** 0 = none by steps. */
  readonly snapshotSteps: number;
  readonly snapshotsKept: number;
  readonly queueConcurrency: number;
  readonly adapterConcurrency: number;
  readonly telemetry: TelemetryConfig;
  readonly shutdownGraceS: number;
  /** For tests: where this process ends itself. */
  readonly faults: readonly Fault[];
  /** For tests: while this file exists, the disk counts as full. Empty = none. */
  readonly faultDiskFull: string;
  /** What is questionable about the settings; logged at start. */
  readonly warnings: readonly string[];

  private constructor(given: Environment, values: Values, warnings: readonly string[]) {
    ({ PORT: this.port, HOST: this.host, DATA_DIR: this.dataDir } = values);
    this.apiKeys = Object.freeze([...values.API_KEYS]);
    this.adminKeys = Object.freeze([...values.ADMIN_KEYS]);
    ({ ALLOW_NO_KEYS: this.allowNoKeys, WEBHOOKS_ALLOW_PRIVATE: this.webhooksAllowPrivate } = values);
    this.publicUrl = values.PUBLIC_URL;
    this.allowedHosts = Object.freeze([...values.ALLOWED_HOSTS]);
    this.corsOrigins = Object.freeze([...values.CORS_ORIGINS]);
    this.sessionTimeoutS = values.SESSION_TIMEOUT_S;
    this.unnamedSamplerHours = values.UNNAMED_SAMPLER_HOURS;
    this.longPollS = values.LONG_POLL_S;
    this.role = values.ROLE;
    this.databaseUrl = values.DATABASE_URL;
    this.databasePoolSize = values.DATABASE_POOL_SIZE;
    this.redisUrl = values.REDIS_URL;
    this.baseModels = Object.freeze([...values.BASE_MODELS]);
    this.lossPlugins = Object.freeze([...values.LOSS_PLUGINS]);
    this.store = storeConfig(given, values);
    this.hub = Object.freeze({ endpoint: values.HF_ENDPOINT, token: values.HF_TOKEN, home: values.HF_HOME });
    this.torch = torchConfig(values);
    this.engine = values.ENGINE;
    this.device = values.DEVICE;
    this.engineThreads = values.ENGINE_THREADS;
    this.memoryBudgetMb = values.MEMORY_BUDGET_MB;
    this.prefixCacheMb = values.PREFIX_CACHE_MB;
    this.adapterMemoryMb = values.ADAPTER_MEMORY_MB;
    this.adapterIdleS = values.ADAPTER_IDLE_S;
    ({ PACK_WEIGHTS: this.packWeights, BATCHING: this.batching } = values);
    this.bodyLimitMb = values.BODY_LIMIT_MB;
    this.files = { limitMb: values.FILE_LIMIT_MB };
    this.bodiesInFlightMb = values.BODIES_IN_FLIGHT_MB;
    this.bodyGraceS = values.BODY_GRACE_S;
    ({ MAX_QUEUED_PER_KEY: this.maxQueuedPerKey, MAX_QUEUED_REQUESTS: this.maxQueuedRequests } = values);
    this.maxAdaptersPerKey = values.MAX_ADAPTERS_PER_KEY;
    this.maxRunningJobsPerKey = values.MAX_RUNNING_JOBS_PER_KEY;
    this.keyLimits = defaultKeyLimits(values);
    this.futureRetentionHours = values.FUTURE_RETENTION_HOURS;
    this.retentionDays = { adapters: values.ADAPTER_RETENTION_DAYS, usage: values.USAGE_RETENTION_DAYS };
    this.deletedAdapterHours = values.DELETED_ADAPTER_HOURS;
    this.snapshotIntervalS = values.SNAPSHOT_INTERVAL_S;
    this.snapshotSteps = values.SNAPSHOT_STEPS;
    this.snapshotsKept = values.SNAPSHOTS_KEPT;
    this.queueConcurrency = values.QUEUE_CONCURRENCY;
    this.adapterConcurrency = values.ADAPTER_CONCURRENCY;
    this.telemetry = telemetryConfig(values);
    this.shutdownGraceS = values.SHUTDOWN_GRACE_S;
    this.faults = Object.freeze(parseFaults(values.FAULT_AT));
    this.faultDiskFull = values.FAULT_DISK_FULL;
    this.warnings = Object.freeze([...warnings]);
  }

  /** Parses the environment. Throws ConfigError naming every variable at fault. */
  static fromEnv(env: Environment): AppConfig {
    // An empty line in an env file means "not set".
    const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
    const problems: string[] = [];
    const values = cleanEnv(given, ENV_SCHEMA, {
      reporter: ({ errors }) => {
        for (const [name, error] of Object.entries(errors)) problems.push(describeProblem(name, given[name], error));
      },
    });
    if (problems.length > 0) throw new ConfigError(problems);
    if (values.ROLE !== 'all' && values.REDIS_URL === '') {
      throw new ConfigError([
        `ROLE=${values.ROLE} requires REDIS_URL, because the API and the workers communicate through Redis. Set REDIS_URL, or use ROLE=all.`,
      ]);
    }
    const contradictions = torchProblems(given, values);
    if (contradictions.length > 0) throw new ConfigError(contradictions);
    const warnings = [
      ...findQuestionable(given, values),
      ...storeWarnings(given, values),
      ...torchWarnings(given, values),
    ];
    return Object.freeze(new AppConfig(given, values, warnings));
  }

  /** What computes. */
  get backend(): Values['BACKEND'] {
    return this.torch.backend;
  }

  /** Does this process answer the HTTP API? */
  get servesApi(): boolean {
    return this.role !== 'worker';
  }

  /** Does this process compute? */
  get runsWorker(): boolean {
    return this.role !== 'api';
  }
}

function describeProblem(name: string, value: string | undefined, error: Error | undefined): string {
  const spec = Object.entries(ENV_SCHEMA).find(([key]) => key === name)?.[1];
  const example = spec?.example === undefined ? '' : ` Example: ${name}=${spec.example}`;
  if (error instanceof EnvMissingError || value === undefined) {
    return `${name} is not set. ${spec?.desc ?? ''}${example}`;
  }
  const shown = SECRETS.has(name) ? '(hidden)' : `'${value}'`;
  const allowed =
    spec?.choices === undefined ? error?.message : `must be one of ${spec.choices.map(String).join(', ')}`;
  return `${name}=${shown}: ${allowed}.${example}`;
}

/** Settings that were given although the role makes them void, and one that no service should have. */
function findQuestionable(given: Environment, values: Values): string[] {
  const warnings: string[] = [];
  const warn = (names: readonly (keyof Values)[], reason: string) => {
    for (const name of names) if (given[name] !== undefined) warnings.push(`${name} has no effect ${reason}.`);
  };
  if (values.ROLE === 'api') {
    warn(
      ['ENGINE', 'DEVICE', 'ENGINE_THREADS', 'MEMORY_BUDGET_MB', 'PACK_WEIGHTS', 'BATCHING'],
      'with ROLE=api: only a worker computes',
    );
    warn(
      [
        'SNAPSHOT_INTERVAL_S',
        'SNAPSHOT_STEPS',
        'SNAPSHOTS_KEPT',
        'QUEUE_CONCURRENCY',
        'ADAPTER_CONCURRENCY',
        'FUTURE_RETENTION_HOURS',
        'DELETED_ADAPTER_HOURS',
      ],
      'with ROLE=api: a worker does that',
    );
  }
  if (values.ROLE === 'worker') {
    warn(
      [
        'BODY_LIMIT_MB',
        'FILE_LIMIT_MB',
        'BODIES_IN_FLIGHT_MB',
        'BODY_GRACE_S',
        'MAX_QUEUED_PER_KEY',
        'MAX_QUEUED_REQUESTS',
        'MAX_ADAPTERS_PER_KEY',
        'ADAPTER_RETENTION_DAYS',
        'USAGE_RETENTION_DAYS',
      ],
      'with ROLE=worker: it takes no requests',
    );
  }
  if (values.CORS_ORIGINS.includes('*') && values.API_KEYS.length + values.ADMIN_KEYS.length === 0) {
    warnings.push(
      'CORS_ORIGINS=* allows every web page to use the service, unless keys were created with `npm run keys`.',
    );
  }
  if (values.FAULT_DISK_FULL !== '')
    warnings.push('FAULT_DISK_FULL is set: it is for tests only and can make every write fail.');
  if (values.FAULT_AT !== '') warnings.push('FAULT_AT is set: it is for tests only and makes this process exit.');
  return warnings;
}
