import { parentPort, workerData } from 'node:worker_threads';
import { Logger } from '@nestjs/common';
import { HfChatTokenizer } from '../../base-models/tokenizers/hf-chat-tokenizer.js';
import { AppLogger } from '../../common/logging/app-logger.js';
import { builtInLosses } from '../../losses/loss-registry.js';
import { loadLosses } from '../../losses/plugins/load-losses.js';
import { openCheckpointStore } from '../../storage/open-store.js';
import { type ComputeBackend } from '../compute-backend.js';
import { HostBackend, type ModelText } from '../host/host-backend.js';
import { type ModelEngine } from '../model-engine.js';
import { BackendServer } from './backend-server.js';
import { ParentLink } from './thread-link.js';
import { type ThreadSettings } from './thread-settings.js';

/** Entry of the engine's thread: builds the backend from its settings and answers calls from the service's thread. */
const settings = workerData as ThreadSettings;

if (parentPort === null) throw new TypeError('engine-thread.js is the entry of a thread.');
Logger.overrideLogger(new AppLogger(settings.logLevel, settings.logFormat));
new BackendServer(new ParentLink(parentPort), buildBackend());

async function buildBackend(): Promise<ComputeBackend> {
  const engine = await openEngine();
  const losses = await loadLosses(builtInLosses(), settings.lossPlugins);
  const checkpoints = await openCheckpointStore(settings.checkpoints);
  return new HostBackend({
    engine,
    losses,
    checkpoints,
    samplerWeightBytes: settings.samplerWeightBytes,
    sequenceBytes: settings.sequenceBytes,
    prefixCacheBytes: settings.prefixCacheBytes,
    loadTexts,
  });
}

/** Loads the code of the engine that is asked for, and no other. */
async function openEngine(): Promise<ModelEngine> {
  const { engine, models } = settings;
  if (engine.kind === 'torch') {
    const { openTorchEngine } = await import('../torch/open-torch-engine.js');
    return openTorchEngine(engine.torch, models, endThread);
  }
  const { openLocalEngine } = await import('../local/open-local-engine.js');
  return openLocalEngine(engine.local, models);
}

/** The thread ends with its engine, which shows in the link: open calls are then taken for interrupted, not for failed. */
function endThread(error: Error): void {
  setImmediate(() => {
    throw error;
  });
}

async function loadTexts(): Promise<ReadonlyMap<string, ModelText>> {
  const texts = settings.models.map(async ({ name, folder }): Promise<[string, ModelText]> => {
    const tokenizer = await HfChatTokenizer.load(folder, name);
    const decode: ModelText['decode'] = (tokens) => tokenizer.decode(tokens, { skipSpecialTokens: true });
    return [name, { decode, vocabulary: (shown) => tokenizer.vocabulary(shown) }];
  });
  return new Map(await Promise.all(texts));
}
