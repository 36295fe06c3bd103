import { toVocabulary } from '../../../src/grammars/vocabulary.js';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCheckpoint } from '../../../src/base-models/checkpoint-files.js';
import { parseHfConfig } from '../../../src/base-models/model-config/hf-config.js';
import { type Executor } from '../../../src/compute/executor.js';
import { HostBackend, type TokenDecoder } from '../../../src/compute/host/host-backend.js';
import { LocalEngine } from '../../../src/compute/local/local-engine.js';
import { type LocalModel } from '../../../src/compute/local/local-model.js';
import { prepareWeightFile } from '../../../src/compute/local/weight-file.js';
import { type Batching, type ModelEngine } from '../../../src/compute/model-engine.js';
import { type LossFunction } from '../../../src/losses/loss-function.js';
import { LossRegistry } from '../../../src/losses/loss-registry.js';
import { type CheckpointStore } from '../../../src/storage/checkpoint-store.js';
import { LocalCheckpointStore } from '../../../src/storage/local/local-checkpoint-store.js';
import { fixturePath } from '../models/reference-fixtures.js';

const DEFAULT_BUDGET = 2 ** 30;
/** The trained model of the repository. */
export const BUNDLED_MODEL = 'tiny-chat';

interface Options {
  readonly memoryBudgetBytes?: number;
  readonly batching?: Batching;
}

interface Started<T> {
  readonly engine: T;
  stop(): Promise<void>;
}

/** A backend over the tiny random checkpoints of test/fixtures/models, or the bundled model, in this thread. */
export async function startReferenceEngine(
  executor: Executor,
  models: readonly string[],
  { losses, ...options }: Options & { readonly losses?: readonly LossFunction[] } = {},
): Promise<Started<HostBackend> & { readonly checkpoints: CheckpointStore }> {
  const { engine, cacheFolder, removeCache } = await newModelEngine(executor, models, options);
  // The n-th token is the n-th byte.
  const vocabulary = () => toVocabulary(Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)));
  const decode: TokenDecoder = (tokens) => Promise.resolve(Array.from(tokens).join(' '));
  const loadTexts = () => Promise.resolve(new Map(models.map((name) => [name, { decode, vocabulary }])));
  const checkpoints = new LocalCheckpointStore(join(cacheFolder, 'checkpoints'));
  const backend = new HostBackend({
    engine,
    losses: new LossRegistry(losses),
    checkpoints,
    samplerWeightBytes: 2 ** 20,
    sequenceBytes: 2 ** 24,
    prefixCacheBytes: 2 ** 22,
    loadTexts,
  });
  return { ...(await started(backend, removeCache)), checkpoints };
}

/** The engine alone. */
export async function startModelEngine(
  executor: Executor,
  models: readonly string[],
  options: Options = {},
): Promise<Started<LocalEngine>> {
  const { engine, removeCache } = await newModelEngine(executor, models, options);
  return started(engine, removeCache);
}

async function newModelEngine(executor: Executor, models: readonly string[], options: Options) {
  const cacheFolder = await mkdtemp(join(tmpdir(), 'thinker-weights-'));
  const engine = new LocalEngine({
    executor,
    memoryBudgetBytes: options.memoryBudgetBytes ?? DEFAULT_BUDGET,
    batching: options.batching ?? 'exact',
    loadModels: () => Promise.all(models.map((name) => loadModel(name, cacheFolder))),
  });
  return { engine, cacheFolder, removeCache: () => rm(cacheFolder, { recursive: true }) };
}

async function started<T extends Pick<ModelEngine, 'start' | 'stop'>>(
  engine: T,
  removeCache: () => Promise<void>,
): Promise<Started<T>> {
  await engine.start();
  return {
    engine,
    async stop() {
      await engine.stop();
      await removeCache();
    },
  };
}

async function loadModel(name: string, cacheFolder: string): Promise<LocalModel> {
  const folder = name === BUNDLED_MODEL ? join('models', name) : fixturePath(`models/${name}`);
  const config = parseHfConfig(JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')), name);
  const weights = await prepareWeightFile(await openCheckpoint(folder, config, name), { cacheFolder });
  return { name, config, weights };
}
