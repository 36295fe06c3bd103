import { toVocabulary } from '../../../src/grammars/vocabulary.js';
import { HostBackend } from '../../../src/compute/host/host-backend.js';
import { type EngineModel } from '../../../src/compute/model-engine.js';
import { openTorchEngine } from '../../../src/compute/torch/open-torch-engine.js';
import { type TorchEngine } from '../../../src/compute/torch/torch-engine.js';
import { LossRegistry } from '../../../src/losses/loss-registry.js';
import { type CheckpointStore } from '../../../src/storage/checkpoint-store.js';
import { CPU_RANK } from '../../../scripts/lib/cpu-rank.mjs';
import { TORCH_PROGRAM, TORCH_PYTHON } from './torch-environment.js';

export type TorchModel = Pick<EngineModel, 'name' | 'config'> & { readonly folder: string };

/** The hf engine on ranks of this machine, in float32 on the CPU. */
export function torchEngine(models: readonly TorchModel[], ranks: number): TorchEngine {
  return openTorchEngine(
    {
      source: { kind: 'local', ranks, python: TORCH_PYTHON, program: TORCH_PROGRAM },
      deadlines: { silenceMs: 30_000, callMs: 120_000 },
      rank: CPU_RANK,
      generation: 1,
      passTokenLimit: new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT),
    },
    models,
    (error) => {
      throw error;
    },
  );
}

/** A backend in this thread over one rank. */
export async function startTorchBackend(
  models: readonly TorchModel[],
  checkpoints: CheckpointStore,
): Promise<HostBackend> {
  const decode = (tokens: ArrayLike<number>) => Promise.resolve(Array.from(tokens).join(' '));
  const backend = new HostBackend({
    engine: torchEngine(models, 1),
    losses: new LossRegistry(),
    checkpoints,
    samplerWeightBytes: 2 ** 20,
    sequenceBytes: 2 ** 24,
    prefixCacheBytes: 2 ** 22,
    loadTexts: () =>
      Promise.resolve(new Map(models.map(({ name }) => [name, { decode, vocabulary: () => toVocabulary([]) }]))),
  });
  await backend.start();
  return backend;
}
