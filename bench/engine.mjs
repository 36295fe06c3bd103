/**
 * Our engine behind the peer's protocol (bench/peer/peer.py): one JSON command per line on stdin, one answer per line on
 * stdout. It runs the built engine in this process, as the service runs it in a thread.
 *
 *   node bench/engine.mjs <checkpoint folder> <threads> <folder for its float32 weights> [pack weights: true|false]
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { openCheckpoint } from '../dist/src/base-models/checkpoint-files.js';
import { parseHfConfig } from '../dist/src/base-models/model-config/hf-config.js';
import { HostBackend } from '../dist/src/compute/host/host-backend.js';
import { LocalEngine } from '../dist/src/compute/local/local-engine.js';
import { prepareWeightFile } from '../dist/src/compute/local/weight-file.js';
import { freshState } from '../dist/src/compute/numerics/adapter-tensors.js';
import { OnnxRuntimeExecutor } from '../dist/src/compute/onnxruntime/onnxruntime-executor.js';
import { DEFAULT_ADAM } from '../dist/src/domain/adapter/adam-params.js';
import { parseSafetensors, tensorAsFloat32 } from '../dist/src/formats/safetensors.js';
import { LocalCheckpointStore } from '../dist/src/storage/local-checkpoint-store.js';
import { WrittenLoss } from '../dist/src/losses/expressions/written-loss.js';
import { builtInLosses, LossRegistry } from '../dist/src/losses/loss-registry.js';
import { batchOf, greedy, policyInputs } from './lib/batches.mjs';

const ADAPTER = 'bench';
const lora = { rank: 16, alpha: 32, dropout: 0, targetModules: ['q_proj', 'v_proj'], rsLora: false, seed: 1 };

const [folder, threads, weightCache, packWeights = 'true'] = process.argv.slice(2);
const writtenPpo = new WrittenLoss(
  JSON.parse(await readFile(path.join(import.meta.dirname, '..', 'examples', 'losses', 'ppo.json'), 'utf8')),
);
const engine = await startEngine();
const commands = {
  step,
  policy_step: policyStep,
  optim_step: optimStep,
  digest,
  decode,
  decode_many: decodeMany,
  load_lora: loadLora,
  compare_grads: compareGradients,
  peak_rss: peakRss,
  resident,
};
reply({ ready: true, engine: engine.capabilities.engine, threads: Number(threads) });
for await (const line of createInterface({ input: process.stdin })) {
  const { op, ...command } = JSON.parse(line);
  try {
    reply({ op, ...(await commands[op](command)) });
  } catch (error) {
    reply({ error: error.stack ?? String(error) });
  }
}
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
      return [{ name: 'bench', config, weights }];
    },
  });
  const started = new HostBackend({
    engine: local,
    checkpoints: new LocalCheckpointStore(path.join(weightCache, 'checkpoints')),
    samplerWeightBytes: 2 ** 30,
    sequenceBytes: 2 ** 30,
    prefixCacheBytes: 2 ** 29,
    losses: new LossRegistry([...builtInLosses(), writtenPpo]),
    loadDecoders: async () => new Map([['bench', async () => '']]),
  });
  await started.start();
  await started.createAdapter({ id: ADAPTER, baseModel: 'bench', lora });
  return started;
}

async function readPeftTensors(file) {
  const bytes = await readFile(file);
  const entries = [...parseSafetensors(bytes, file).tensors.values()];
  return new Map(
    entries.map((entry) => [
      entry.name.replace('base_model.model.', ''),
      { shape: entry.shape, data: tensorAsFloat32(bytes, entry) },
    ]),
  );
}

/** Takes over the peer's A and B, so that both compute the same. */
async function loadLora({ file }) {
  await engine.createAdapter(
    { id: ADAPTER, baseModel: 'bench', lora },
    { state: freshState(await readPeftTensors(file)) },
  );
  return {};
}

/** From lists of tokens to gradients, as in the peer. */
async function step({ sequences, weights }) {
  const logprobs = weights ? 'weighted' : 'all';
  return timed({ batch: batchOf(sequences, weights), loss: { name: 'cross_entropy', config: {} }, logprobs });
}

/** PPO, built in or as it is written in examples/losses. */
async function policyStep({ sequences, written }) {
  const { tokens, lossInputs } = batchOf(sequences);
  const batch = { tokens, lossInputs: { ...lossInputs, ...policyInputs(tokens.offsets) } };
  const name = written ? writtenPpo.metadata.name : 'ppo';
  return timed({ batch, loss: { name, config: {} }, logprobs: 'all' });
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

/** Gradients of an earlier step are dropped before the clock starts. */
async function timed(request) {
  const state = await engine.exportState(ADAPTER);
  await engine.createAdapter({ id: ADAPTER, baseModel: 'bench', lora }, { state: { ...state, gradients: null } });
  const started = performance.now();
  const result = await engine.forwardBackward(ADAPTER, request);
  return { ms: performance.now() - started, loss: result.loss };
}

/** Largest relative L2 distance of any gradient tensor from the peer's. */
async function compareGradients({ file }) {
  const { gradients } = await engine.exportState(ADAPTER);
  const distances = [...(await readPeftTensors(file))].map(([name, { data }]) => {
    const ours = gradients.get(name).data;
    let difference = 0;
    let size = 0;
    data.forEach((value, i) => {
      difference += (value - ours[i]) ** 2;
      size += value ** 2;
    });
    return Math.sqrt(difference / size);
  });
  return { distance: Math.max(...distances) };
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

/** Other prompts at once, by the base model, as the peer of bench/peer/llama.mjs decodes them. */
async function decodeMany({ prompts, new_tokens: newTokens }) {
  const started = performance.now();
  const all = await Promise.all(
    prompts.map((prompt) =>
      engine.generate(
        { kind: 'base', baseModel: 'bench' },
        { prompt: Int32Array.from(prompt), count: 1, sampling: greedy(newTokens) },
      ),
    ),
  );
  const ms = performance.now() - started;
  return { ms, tokens_per_s: (prompts.length * newTokens * 1000) / ms, tokens: [...all[0].sequences[0].tokens] };
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

function reply(answer) {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
