/**
 * Which folder may import which: the layers of the code, from the bottom up. A folder may always import itself.
 * The check reads this table; the order of the keys is the order of the layers, and a folder names only earlier ones,
 * so no cycle of folders can be written down here.
 */
const BASE = ['src/domain', 'src/common'];
const CONFIGURED = [...BASE, 'src/config'];
const COMPUTE_PARTS = ['src/compute', 'src/compute/graph', 'src/compute/models'];
const OPERATIONS = [...CONFIGURED, 'src/database', 'src/queue', 'src/events', 'src/formats', 'src/storage'];
const LOG = ['src/modules/workers', 'src/modules/futures'];
const MODELS = ['src/base-models', 'src/compute', 'src/modules/losses', ...LOG];

export const LAYERS = {
  'src/domain': [],
  'src/common': ['src/domain'],
  'src/config': BASE,
  'src/database': CONFIGURED,
  'src/queue': CONFIGURED,
  'src/events': [...CONFIGURED, 'src/database'],
  'src/formats': BASE,
  'src/storage': CONFIGURED,
  'src/base-models': [...CONFIGURED, 'src/formats'],
  'src/modules/losses': [...CONFIGURED, 'src/database'],
  'src/compute/graph': BASE,
  'src/compute/models': [...BASE, 'src/compute/graph'],
  'src/compute': [...CONFIGURED, 'src/base-models', 'src/modules/losses', 'src/compute/graph', 'src/compute/models'],
  'src/compute/onnxruntime': [...BASE, 'src/formats', ...COMPUTE_PARTS],
  'src/compute/tensorflow': [...BASE, 'src/formats', ...COMPUTE_PARTS],
  'src/compute/local': [
    ...CONFIGURED,
    ...['src/formats', 'src/base-models', 'src/modules/losses', 'src/compute/onnxruntime', 'src/compute/tensorflow'],
    ...COMPUTE_PARTS,
  ],
  'src/compute/fake': [...BASE, 'src/compute', 'src/compute/local', 'src/modules/losses'],
  'src/modules/workers': [...OPERATIONS, 'src/compute'],
  'src/modules/futures': [...OPERATIONS, 'src/modules/workers'],
  'src/modules/usage': OPERATIONS,
  'src/modules/dispatch': [...OPERATIONS, 'src/compute', ...LOG],
  'src/modules/adapters': [...OPERATIONS, ...MODELS],
  'src/modules/checkpoints': [...OPERATIONS, ...MODELS, 'src/modules/adapters'],
  'src/modules/training': [...OPERATIONS, ...MODELS, 'src/modules/adapters'],
  'src/modules/generation': [...OPERATIONS, ...MODELS, 'src/modules/adapters', 'src/modules/checkpoints'],
  'src/modules/keys': OPERATIONS,
  'src/modules/sessions': [...OPERATIONS, ...MODELS, 'src/modules/adapters', 'src/modules/checkpoints'],
  'src/modules/tinker': [
    ...[...OPERATIONS, ...MODELS, 'src/modules/adapters', 'src/modules/checkpoints', 'src/modules/training'],
    ...['src/modules/generation', 'src/modules/keys', 'src/modules/sessions', 'src/modules/usage'],
  ],
  'src/modules/health': [...OPERATIONS, ...MODELS, 'src/modules/adapters'],
};

/** Files that join the layers, and so may import everything in src. */
export const ROOT_FILES = [
  /^src\/[^/]+\.ts$/, // the entry points and the module that names all modules
  /^src\/database\/entities\.ts$/, // the list of all tables
  /^src\/compute\/compute\.module\.ts$/, // picks one backend
];

/** Files of a module that others may import beside its index.ts. */
export const ENTRANCES = [
  // The engine's thread computes losses and serves no HTTP, so it does not load the module with its controller.
  // So do the threads that read large bodies.
  /^src\/modules\/losses\/(loss-(function|registry|input-tensors)|ignored-targets|slopes-of-datums|plugins\/load-losses)\.ts$/,
  /^src\/modules\/training\/batch-context\.ts$/,
];

/** Where a package may be used; packages not named here may be used anywhere but in `PURE` folders. */
export const PACKAGES = [
  {
    packages: /^(typeorm|pg|@nestjs\/typeorm)$/,
    only: /^(src\/(database|events)\/|migrations\/|src\/[^/]+\.ts$|src\/modules\/(?!losses\/(loss-|expressions|functions))|test\/)/,
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
    packages: /^@tensorflow\//,
    only: /^(src\/compute\/(tensorflow|local)\/|src\/modules\/losses\/plugins\/tensor-loss\.ts$|test\/|bench\/)/,
    why: 'an engine is known to its own folder only; TensorLoss takes its automatic differentiation',
  },
];

/** Folders that use no package at all: they must be readable, and testable, by themselves. */
export const PURE = [/^src\/domain\//, /^src\/compute\/(graph|models)\//, /^src\/modules\/losses\/functions\//];
