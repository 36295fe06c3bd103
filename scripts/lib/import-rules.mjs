/**
 * Which folder may import which: the layers of the code, from the bottom up. A folder may always import itself.
 * The check reads this table; the order of the keys is the order of the layers, and a folder names only earlier ones,
 * so no cycle of folders can be written down here.
 */
const BASE = ['src/domain', 'src/common'];
const CONFIGURED = [...BASE, 'src/config'];
const INFRASTRUCTURE = [...CONFIGURED, 'src/database', 'src/queue', 'src/events', 'src/formats', 'src/storage'];
const GRAPHS = ['src/compute/graph', 'src/compute/models'];
const EXECUTORS = ['src/compute/onnxruntime', 'src/compute/tensorflow'];
const LOG = ['src/modules/keys', 'src/modules/workers', 'src/modules/webhooks', 'src/modules/futures'];
const LIBRARIES = [
  'src/grammars',
  'src/base-models',
  'src/losses',
  'src/compute',
  'src/compute/models',
  'src/compute/numerics',
  'src/operations',
];
/** What a module that offers routes over adapters builds on. */
const FEATURE = [...INFRASTRUCTURE, ...LIBRARIES, ...LOG, 'src/modules/adapters'];

export const LAYERS = {
  'src/domain': [],
  'src/common': ['src/domain'],
  'src/config': BASE,
  'src/database': CONFIGURED,
  'src/queue': CONFIGURED,
  'src/events': [...CONFIGURED, 'src/database'],
  // What answers may be held to.
  'src/grammars': BASE,
  'src/compute/graph': BASE,
  // What models are: parameters, layers and programs, by family.
  'src/compute/models': [...BASE, 'src/compute/graph'],
  'src/formats': [...BASE, 'src/compute/models'],
  'src/storage': [...CONFIGURED, 'src/formats'],
  'src/base-models': [...CONFIGURED, 'src/formats', 'src/grammars', 'src/compute/models'],
  'src/datasets': [...BASE, 'src/base-models'],
  // Adapters and merged models as other programs read them.
  'src/exports': [...CONFIGURED, 'src/formats', 'src/base-models', 'src/compute/models'],
  'src/losses': BASE,
  'src/compute': [...CONFIGURED, 'src/storage', 'src/base-models', ...GRAPHS],
  'src/compute/numerics': [...BASE, 'src/compute', 'src/compute/models'],
  'src/compute/onnxruntime': [...BASE, 'src/compute', ...GRAPHS],
  'src/compute/tensorflow': [...BASE, 'src/compute', ...GRAPHS],
  'src/compute/local': [
    ...CONFIGURED,
    'src/formats',
    'src/storage',
    'src/base-models',
    'src/compute',
    'src/compute/numerics',
    ...GRAPHS,
    ...EXECUTORS,
  ],
  'src/compute/host': [
    ...BASE,
    'src/storage',
    'src/grammars',
    'src/base-models',
    'src/losses',
    'src/compute',
    'src/compute/numerics',
  ],
  'src/compute/torch': [...CONFIGURED, 'src/base-models', 'src/compute', 'src/compute/numerics'],
  'src/compute/remote': [
    ...CONFIGURED,
    'src/storage',
    'src/base-models',
    'src/losses',
    'src/compute',
    'src/compute/local',
    'src/compute/torch',
    'src/compute/host',
  ],
  'src/operations': [...BASE, 'src/formats', 'src/losses', 'src/compute'],
  'src/modules/losses': [...CONFIGURED, 'src/database', 'src/losses'],
  'src/modules/keys': INFRASTRUCTURE,
  'src/modules/workers': [...INFRASTRUCTURE, 'src/compute'],
  'src/modules/webhooks': INFRASTRUCTURE,
  'src/modules/futures': [
    ...INFRASTRUCTURE,
    'src/operations',
    'src/modules/keys',
    'src/modules/workers',
    'src/modules/webhooks',
  ],
  'src/modules/usage': INFRASTRUCTURE,
  'src/modules/files': [...INFRASTRUCTURE, 'src/datasets', 'src/modules/keys'],
  'src/modules/dispatch': [...INFRASTRUCTURE, 'src/compute', 'src/operations', ...LOG],
  'src/modules/adapters': [...INFRASTRUCTURE, ...LIBRARIES, ...LOG],
  'src/modules/adapter-state': FEATURE,
  'src/modules/history': FEATURE,
  'src/modules/capabilities': [...INFRASTRUCTURE, ...LIBRARIES, ...LOG, 'src/modules/losses'],
  'src/modules/checkpoints': [...FEATURE, 'src/modules/adapter-state'],
  'src/modules/exports': [...FEATURE, 'src/exports', 'src/modules/checkpoints'],
  'src/modules/training': [...FEATURE, 'src/modules/adapter-state', 'src/modules/losses'],
  'src/modules/aliases': [...FEATURE, 'src/modules/checkpoints'],
  'src/modules/captures': [...INFRASTRUCTURE, 'src/base-models', 'src/operations', ...LOG, 'src/modules/files'],
  'src/modules/generation': [
    ...FEATURE,
    'src/modules/adapter-state',
    'src/modules/aliases',
    'src/modules/captures',
    'src/modules/checkpoints',
  ],
  'src/modules/sessions': [...FEATURE, 'src/modules/checkpoints'],
  'src/modules/fine-tuning': [
    ...FEATURE,
    'src/datasets',
    'src/modules/checkpoints',
    'src/modules/files',
    'src/modules/generation',
    'src/modules/training',
  ],
  'src/modules/promotions': [
    ...FEATURE,
    'src/modules/aliases',
    'src/modules/files',
    'src/modules/fine-tuning',
    'src/modules/generation',
  ],
  'src/modules/openai': [...FEATURE, 'src/modules/generation'],
  'src/modules/anthropic': [...FEATURE, 'src/modules/captures', 'src/modules/generation'],
  'src/modules/tinker': [
    ...FEATURE,
    'src/modules/capabilities',
    'src/modules/checkpoints',
    'src/modules/generation',
    'src/modules/losses',
    'src/modules/sessions',
    'src/modules/training',
    'src/modules/usage',
  ],
  // What the service does now, for dashboards; and the web console with its sessions.
  'src/modules/overview': [...FEATURE, 'src/modules/keys', 'src/modules/usage'],
  'src/modules/console': [...BASE, 'src/modules/keys'],
  'src/modules/health': FEATURE,
  'src/modules/metrics': FEATURE,
  // Files to evaluate on have the shapes of those to train on.
  'src/cli': [...CONFIGURED, 'src/base-models', 'src/datasets'],
};

/** Files that join the layers, and so may import everything in src. */
export const ROOT_FILES = [
  /^src\/[^/]+\.ts$/, // the entry points and the module that names all modules
  /^src\/compute\/compute\.module\.ts$/, // picks one backend
];

/** Where a package may be used; packages not named here may be used anywhere but in `PURE` folders. */
export const PACKAGES = [
  {
    packages: /^(typeorm|pg|@nestjs\/typeorm)$/,
    only: /^(src\/(database|events|cli\/doctor)\/|migrations\/|src\/[^/]+\.ts$|src\/modules\/|test\/)/,
    why: 'only the database layer and the modules know SQL',
  },
  {
    packages: /^(bull|@nestjs\/bull|@bull-board\/.*|ioredis)$/,
    only: /^(src\/queue\/|src\/[^/]+\.ts$|test\/)/,
    why: 'the queue sits behind the JobQueue port',
  },
  {
    packages: /^(express|@nestjs\/(core|platform-express|swagger|terminus))$/,
    only: /^(src\/(common|config|database|queue|events)\/|src\/[^/]+\.ts$|src\/modules\/|test\/)/,
    why: 'compute and formats know no HTTP',
  },
  {
    packages: /^(csv-parse|hyparquet|hyparquet-compressors)(\/.*)?$/,
    only: /^(src\/datasets\/|test\/)/,
    why: 'only the readers of data sets know their formats',
  },
  {
    packages: /^onnxruntime-node(\/.*)?$/,
    only: /^(src\/compute\/(onnxruntime|local)\/|test\/|bench\/)/,
    why: 'an engine is known to its own folder only',
  },
  {
    packages: /^protobufjs(\/.*)?$/,
    only: /^(src\/compute\/(onnxruntime|local)\/|src\/modules\/tinker\/codec\/|test\/|bench\/)/,
    why: 'ONNX files and the Tinker wire format are protobuf, nothing else is',
  },
  {
    packages: /^(undici|ipaddr\.js)$/,
    only: /^(src\/modules\/webhooks\/delivery\/|test\/)/,
    why: 'only webhooks connect to addresses that clients name',
  },
  {
    packages: /^@opentelemetry\//,
    only: /^(src\/common\/tracing\/open-telemetry\.ts$|test\/)/,
    why: 'what is traced knows src/common/tracing/tracing.ts alone, so that nothing is loaded while tracing is off',
  },
  {
    packages: /^prom-client$/,
    only: /^(src\/modules\/metrics\/|test\/)/,
    why: 'what is measured is published to probes (src/common/probes.ts)',
  },
  {
    packages: /^@tensorflow\//,
    only: /^(src\/compute\/(tensorflow|local)\/|src\/losses\/plugins\/tensor-loss\.ts$|test\/|bench\/)/,
    why: 'an engine is known to its own folder only; TensorLoss takes its automatic differentiation',
  },
];

/** What clients/typescript is built on; its package.json lists the same. */
export const CLIENT_PACKAGES = /^(openapi-fetch|eventsource-parser\/stream)$/;

/** What the pages of console/ are built on. */
export const CONSOLE_PACKAGES = /^(openapi-fetch|preact(\/hooks)?|uplot(\/.*)?)$/;

/** Folders that use no package at all: they must be readable, and testable, by themselves. */
export const PURE = [/^src\/domain\//, /^src\/compute\/(graph|models)\//, /^src\/losses\/functions\//];

/**
 * Files of src/modules that know the wire formats: controllers, what turns requests into domain types (readers, pipes)
 * and what turns domain types into answers (presenters, the codec of the Tinker API). All others take and return domain
 * types, so that every dialect can call them.
 */
export const WIRE_FILES = [/\.(controller|reader|pipe|presenter|dto)\.ts$/, /^src\/modules\/tinker\/codec\//];

/** Modules that are a dialect of their own: they use no DTO of another module, whose wire format is not theirs. */
export const DIALECTS = ['src/modules/openai', 'src/modules/anthropic', 'src/modules/tinker'];
