import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCheckpoint } from '../../src/base-models/checkpoint-files.js';
import { parseHfConfig } from '../../src/base-models/model-config/hf-config.js';
import { type Executor } from '../../src/compute/executor.js';
import { HostBackend, type TokenDecoder } from '../../src/compute/host/host-backend.js';
import { LocalEngine, type LocalModel } from '../../src/compute/local/local-engine.js';
import { prepareWeightFile } from '../../src/compute/local/weight-file.js';
import { type LossFunction } from '../../src/losses/loss-function.js';
import { LossRegistry } from '../../src/losses/loss-registry.js';
import { fixturePath } from './reference-fixtures.js';

const DEFAULT_BUDGET = 2 ** 30;

/** An engine over the tiny random checkpoints of test/fixtures/models, in this thread. */
export async function startReferenceEngine(
  executor: Executor,
  models: readonly string[],
  options: { memoryBudgetBytes?: number; losses?: readonly LossFunction[] } = {},
): Promise<{ engine: HostBackend; stop(): Promise<void> }> {
  const cacheFolder = await mkdtemp(join(tmpdir(), 'thinker-weights-'));
  const local = new LocalEngine({
    executor,
    memoryBudgetBytes: options.memoryBudgetBytes ?? DEFAULT_BUDGET,
    loadModels: () => Promise.all(models.map((name) => loadModel(name, cacheFolder))),
  });
  const decode: TokenDecoder = (tokens) => Promise.resolve(Array.from(tokens).join(' '));
  const engine = new HostBackend({
    engine: local,
    losses: new LossRegistry(options.losses),
    loadDecoders: () => Promise.resolve(new Map(models.map((name) => [name, decode]))),
  });
  await engine.start();
  return {
    engine,
    async stop() {
      await engine.stop();
      await rm(cacheFolder, { recursive: true });
    },
  };
}

async function loadModel(name: string, cacheFolder: string): Promise<LocalModel> {
  const folder = fixturePath(`models/${name}`);
  const config = parseHfConfig(JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')), name);
  const weights = await prepareWeightFile(await openCheckpoint(folder, config, name), { cacheFolder });
  return { name, config, weights };
}
