/**
 * The torch engine with one rank, behind the peer's protocol (bench/peer/peer.py). It runs the built engine in this process,
 * as the service runs it in a thread.
 *
 *   node bench/torch-engine.mjs <checkpoint folder> <threads> <Python with torch>
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Logger } from '@nestjs/common';
import { parseHfConfig } from '../dist/src/base-models/model-config/hf-config.js';
import { HostBackend } from '../dist/src/compute/host/host-backend.js';
import { openTorchEngine } from '../dist/src/compute/torch/open-torch-engine.js';
import { builtInLosses, LossRegistry } from '../dist/src/losses/loss-registry.js';
import { LocalCheckpointStore } from '../dist/src/storage/local/local-checkpoint-store.js';
import { CPU_RANK } from '../scripts/lib/cpu-rank.mjs';
import { batchOf } from './lib/batches.mjs';
import { ADAPTER, EngineCommands, loadTexts, lora, MODEL, serveCommands } from './lib/engine-commands.mjs';
import { cacheFolder, projectRoot } from './lib/paths.mjs';

const [folder, threads, python] = process.argv.slice(2);
// Standard output is the protocol's.
Logger.overrideLogger(false);
const CROSS_ENTROPY = { policy: 'weights', low: 0, high: 0, beta: 0 };

const config = parseHfConfig(JSON.parse(await readFile(path.join(folder, 'config.json'), 'utf8')), folder);
const engine = openTorchEngine(
  {
    source: { kind: 'local', ranks: 1, python, program: path.join(projectRoot, 'workers', 'torch') },
    deadlines: { silenceMs: 60_000, callMs: 600_000 },
    rank: { ...CPU_RANK, threads: Number(threads) },
    generation: 1,
    passTokenLimit: new SharedArrayBuffer(4),
  },
  [{ name: MODEL, folder, config }],
  (error) => {
    throw error;
  },
);
const backend = new HostBackend({
  engine,
  checkpoints: new LocalCheckpointStore(path.join(cacheFolder, 'torch-checkpoints')),
  samplerWeightBytes: 2 ** 30,
  sequenceBytes: 2 ** 30,
  prefixCacheBytes: 2 ** 29,
  losses: new LossRegistry(builtInLosses()),
  loadTexts,
});
await backend.start();
const shared = new EngineCommands(backend);
await shared.create();
await serveCommands(
  {
    step: (command) => shared.step(command),
    load_lora: (command) => shared.loadLora(command),
    compare_grads: (command) => shared.compareGradients(command),
    decode_many: (command) => shared.decodeMany(command),
    adapters: trainAdapters,
    commands: timeCommands,
  },
  { engine: engine.capabilities.engine, batching: engine.capabilities.batching, threads: Number(threads) },
);
await backend.stop();

/** One chat for each adapter, all in one pass of the engine or in one pass after the other. */
async function trainAdapters({ sequences, together }) {
  const ids = sequences.map((_, i) => `adapter-${i}`);
  for (const id of ids) await backend.createAdapter({ id, baseModel: MODEL, lora });
  const items = sequences.map((sequence, i) => itemOf(ids[i], sequence));
  const started = performance.now();
  for (const pass of together ? [items] : items.map((item) => [item])) await runPass(pass);
  return { ms: performance.now() - started };
}

function itemOf(id, sequence) {
  const { tokens, lossInputs } = batchOf([sequence]);
  const scored = new Uint8Array(tokens.data.length).fill(1);
  return { weights: { kind: 'adapter', id }, train: true, tokens, targets: lossInputs.target_tokens, scored };
}

async function runPass(items) {
  const { id, runs } = await engine.openPass(items);
  for (const [run, { parts }] of runs.entries()) {
    const slopes = parts.map(({ item }) => {
      const size = items[item].scored.length;
      const [weights, zeros] = [new Float32Array(size).fill(1), new Float32Array(size)];
      return { terms: CROSS_ENTROPY, weights, samplerLogprobs: zeros, advantages: zeros };
    });
    await engine.fused(id, run, slopes);
  }
  for (const item of items.keys()) await engine.keepGradients(id, item);
  await engine.closePass(id);
}

/** Round trips of a call that computes nothing. */
async function timeCommands({ count }) {
  const ms = [];
  for (let i = 0; i < count; i++) {
    const started = performance.now();
    await engine.describeState(ADAPTER);
    ms.push(performance.now() - started);
  }
  return { ms };
}
