/**
 * Our engine behind the peer's protocol (bench/peer/peer.py): one JSON command per line on stdin, one answer per line on
 * stdout. It runs the built engine in this process, as the service runs it in a thread.
 *
 *   node bench/engine.mjs <checkpoint folder> <threads> <folder for its float32 weights> [pack weights: true|false]
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { openCheckpoint } from '../dist/src/base-models/checkpoint-files.js';
import { parseHfConfig } from '../dist/src/base-models/model-config/hf-config.js';
import { HostBackend } from '../dist/src/compute/host/host-backend.js';
import { LocalEngine } from '../dist/src/compute/local/local-engine.js';
import { prepareWeightFile } from '../dist/src/compute/local/weight-file.js';
import { OnnxRuntimeExecutor } from '../dist/src/compute/onnxruntime/onnxruntime-executor.js';
import { DEFAULT_ADAM } from '../dist/src/domain/adapter/adam-params.js';
import { LocalCheckpointStore } from '../dist/src/storage/local/local-checkpoint-store.js';
import { WrittenLoss } from '../dist/src/losses/expressions/written-loss.js';
import { builtInLosses, LossRegistry } from '../dist/src/losses/loss-registry.js';
import { batchOf, greedy, policyInputs } from './lib/batches.mjs';
import { ADAPTER, EngineCommands, loadTexts, MODEL, serveCommands } from './lib/engine-commands.mjs';

const [folder, threads, weightCache, packWeights = 'true'] = process.argv.slice(2);
const writtenPpo = new WrittenLoss(
  JSON.parse(await readFile(path.join(import.meta.dirname, '..', 'examples', 'losses', 'ppo.json'), 'utf8')),
);
const engine = await startEngine();
const shared = new EngineCommands(engine);
await shared.create();
await serveCommands(
  {
    step: (command) => shared.step(command),
    policy_step: policyStep,
    optim_step: optimStep,
    digest,
    decode,
    decode_many: (command) => shared.decodeMany(command),
    load_lora: (command) => shared.loadLora(command),
    compare_grads: (command) => shared.compareGradients(command),
    peak_rss: peakRss,
    resident,
  },
  { engine: engine.capabilities.engine, threads: Number(threads) },
);
await engine.stop();

async function startEngine() {
  const config = parseHfConfig(JSON.parse(await readFile(path.join(folder, 'config.json'), 'utf8')), folder);
  const local = new LocalEngine({
    executor: new OnnxRuntimeExecutor({
      device: 'cpu',
      threads: Number(threads),
      packWeights: packWeights === 'true',
    }),
    memoryBudgetBytes: 6 * 2 ** 30,
    batching: 'exact',
    loadModels: async () => {
      const checkpoint = await openCheckpoint(folder, config, folder);
      const weights = await prepareWeightFile(checkpoint, { cacheFolder: weightCache });
      return [{ name: MODEL, config, weights }];
    },
  });
  const started = new HostBackend({
    engine: local,
    checkpoints: new LocalCheckpointStore(path.join(weightCache, 'checkpoints')),
    samplerWeightBytes: 2 ** 30,
    sequenceBytes: 2 ** 30,
    prefixCacheBytes: 2 ** 29,
    losses: new LossRegistry([...builtInLosses(), writtenPpo]),
    loadTexts,
  });
  await started.start();
  return started;
}

/** PPO, built in or as it is written in examples/losses. */
async function policyStep({ sequences, written }) {
  const { tokens, lossInputs } = batchOf(sequences);
  const batch = { tokens, lossInputs: { ...lossInputs, ...policyInputs(tokens.offsets) } };
  const name = written ? writtenPpo.metadata.name : 'ppo';
  return shared.timed({ batch, loss: { name, config: {} }, logprobs: 'all' });
}

async function optimStep() {
  return { step: (await engine.optimStep(ADAPTER, DEFAULT_ADAM)).step };
}

/** What every optimizer step does at its end: weights and, from the first step on, moments. */
async function digest() {
  const started = performance.now();
  await engine.digestState(ADAPTER);
  return { ms: performance.now() - started };
}

async function decode({ prompt, batch, new_tokens: newTokens }) {
  const started = performance.now();
  let first = 0;
  const request = { prompt: Int32Array.from(prompt), count: batch, sampling: greedy(newTokens) };
  const target = { kind: 'adapter', adapterId: ADAPTER };
  const { sequences } = await engine.generate(target, request, { onToken: () => (first ||= performance.now()) });
  const ended = performance.now();
  return {
    ms: ended - started,
    decode_tokens_per_s: (batch * (newTokens - 1) * 1000) / (ended - first),
    tokens: [...sequences[0].tokens],
  };
}

/** VmHWM, as the peer reads it. */
async function peakRss() {
  return { bytes: await statusBytes('VmHWM') };
}

/** Pss counts a page that several programs map once, VmRSS once for each of them. */
async function resident() {
  const rollup = await readFile('/proc/self/smaps_rollup', 'utf8');
  return { bytes: Number(/^Pss:\s+(\d+)/m.exec(rollup)[1]) * 1024 };
}

async function statusBytes(field) {
  const status = await readFile('/proc/self/status', 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)[1]) * 1024;
}
