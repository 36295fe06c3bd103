import { parentPort, workerData } from 'node:worker_threads';
import { openCheckpoint } from '../../base-models/checkpoint-files.js';
import { readConfigFile } from '../../base-models/model-config/config-file.js';
import { parseHfConfig } from '../../base-models/model-config/hf-config.js';
import { HfChatTokenizer } from '../../base-models/tokenizers/hf-chat-tokenizer.js';
import { builtInLosses } from '../../losses/loss-registry.js';
import { loadLosses } from '../../losses/plugins/load-losses.js';
import { localStore } from '../../storage/local-store.js';
import { type ComputeBackend } from '../compute-backend.js';
import { HostBackend, type TokenDecoder } from '../host/host-backend.js';
import { type EngineSettings } from '../local/engine-settings.js';
import { LocalEngine } from '../local/local-engine.js';
import { type LocalModel } from '../local/local-model.js';
import { selectExecutor } from '../local/select-executor.js';
import { prepareWeightFile } from '../local/weight-file.js';
import { BackendServer } from './backend-server.js';
import { ParentLink } from './thread-link.js';

/** Entry of the engine's thread: builds the backend from its settings and answers calls from the service's thread. */
const settings = workerData as EngineSettings;

if (parentPort === null) throw new TypeError('engine-thread.js is the entry of a thread.');
new BackendServer(new ParentLink(parentPort), buildBackend());

async function buildBackend(): Promise<ComputeBackend> {
  const engine = new LocalEngine({
    executor: await selectExecutor(settings),
    memoryBudgetBytes: settings.memoryBudgetBytes,
    batching: settings.batching,
    loadModels: () => Promise.all(settings.models.map(loadModel)),
  });
  const losses = await loadLosses(builtInLosses(), settings.lossPlugins);
  const checkpoints = localStore(settings.checkpoints);
  return new HostBackend({
    engine,
    losses,
    checkpoints,
    samplerWeightBytes: settings.samplerWeightBytes,
    sequenceBytes: settings.sequenceBytes,
    prefixCacheBytes: settings.prefixCacheBytes,
    loadDecoders,
  });
}

async function loadModel({ name, folder }: EngineSettings['models'][number]): Promise<LocalModel> {
  const config = parseHfConfig(await readConfigFile(folder, name), name);
  const checkpoint = await openCheckpoint(folder, config, name);
  const weights = await prepareWeightFile(checkpoint, { cacheFolder: settings.cacheFolder });
  return { name, config, weights };
}

async function loadDecoders(): Promise<ReadonlyMap<string, TokenDecoder>> {
  const decoders = settings.models.map(async ({ name, folder }): Promise<[string, TokenDecoder]> => {
    const tokenizer = await HfChatTokenizer.load(folder, name);
    return [name, (tokens) => tokenizer.decode(tokens, { skipSpecialTokens: true })];
  });
  return new Map(await Promise.all(decoders));
}
