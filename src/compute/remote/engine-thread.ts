import { parentPort, workerData } from 'node:worker_threads';
import { openCheckpoint } from '../../base-models/checkpoint-files.js';
import { HfChatTokenizer } from '../../base-models/tokenizers/hf-chat-tokenizer.js';
import { AppError, serializeError } from '../../common/errors/app-error.js';
import { builtInLosses } from '../../losses/loss-registry.js';
import { loadLosses } from '../../losses/plugins/load-losses.js';
import {
  type ComputeBackend,
  type GenerateRequest,
  type GenerateResult,
  type ModelTarget,
  type TokenEvent,
} from '../compute-backend.js';
import { type EngineCall, type EngineCancel, type EngineMessage } from './engine-protocol.js';
import { HostBackend, type TokenDecoder } from '../host/host-backend.js';
import { type EngineSettings } from '../local/engine-settings.js';
import { LocalEngine, type LocalModel } from '../local/local-engine.js';
import { selectExecutor } from '../local/select-executor.js';
import { prepareWeightFile } from '../local/weight-file.js';

/** Entry of the engine's thread: builds the engine from its settings and answers calls from the service's thread. */
const settings = workerData as EngineSettings;
const port = parentPort!;

const engine = buildEngine();
// Whoever calls the engine hears of it; start() is the first.
engine.catch(() => undefined);

/** Generations that run, by the id of their call. */
const running = new Map<number, AbortController>();

port.on('message', (message: EngineCall | EngineCancel) => {
  if ('cancel' in message) running.get(message.cancel)?.abort();
  else void answer(message);
});

async function buildEngine(): Promise<ComputeBackend> {
  const engine = new LocalEngine({
    executor: await selectExecutor(settings),
    memoryBudgetBytes: settings.memoryBudgetBytes,
    loadModels: () => Promise.all(settings.models.map(loadModel)),
  });
  const losses = await loadLosses(builtInLosses(), settings.lossPlugins);
  return new HostBackend({ engine, losses, loadDecoders });
}

async function answer(call: EngineCall): Promise<void> {
  try {
    send({ kind: 'result', id: call.id, value: await run(call) });
  } catch (error) {
    if (error instanceof AppError) return send({ kind: 'error', id: call.id, error: serializeError(error) });
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    send({ kind: 'crash', id: call.id, message, stack: stack ?? message });
  }
}

/** start() answers with what the backend can do, which is known only then. */
async function run({ id, method, args }: EngineCall): Promise<unknown> {
  // What could not be built needs no end.
  if (method === 'stop')
    return engine.then(
      (built) => built.stop(),
      () => undefined,
    );
  const backend: ComputeBackend = await engine;
  if (method === 'start') {
    await backend.start();
    return backend.capabilities;
  }
  if (method === 'generate') {
    const [target, request] = args as [ModelTarget, GenerateRequest];
    return generate(backend, id, target, request);
  }
  const call = backend[method].bind(backend) as (...values: readonly unknown[]) => Promise<unknown>;
  return call(...args);
}

async function generate(
  backend: ComputeBackend,
  id: number,
  target: ModelTarget,
  request: GenerateRequest,
): Promise<GenerateResult> {
  const controller = new AbortController();
  running.set(id, controller);
  try {
    const onToken = (event: TokenEvent) => send({ kind: 'token', id, event });
    return await backend.generate(target, request, { onToken, signal: controller.signal });
  } finally {
    running.delete(id);
  }
}

function send(message: EngineMessage): void {
  port.postMessage(message);
}

async function loadModel({ name, folder, config }: EngineSettings['models'][number]): Promise<LocalModel> {
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
