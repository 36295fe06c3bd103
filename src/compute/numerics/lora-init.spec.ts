import { describe, expect, it } from 'vitest';
import { DEFAULT_LORA, type LoraSpec, TARGET_MODULES } from '../../domain/adapter/lora-spec.js';
import { type TransformerConfig } from '../../domain/model/transformer-config.js';
import { loraParameterCount, loraShapes } from '../models/adapter-modules.js';
import { initialLoraWeights } from './lora-init.js';

const SMOLLM2_135M: TransformerConfig = {
  family: 'llama',
  vocabSize: 49152,
  hiddenSize: 576,
  intermediateSize: 1536,
  layerCount: 30,
  headCount: 9,
  kvHeadCount: 3,
  headDim: 64,
  rmsNormEps: 1e-5,
  contextLength: 8192,
  tiedEmbeddings: true,
  rope: { theta: 100_000, scaling: null },
};

/** Qwen3-0.6B's proportions: the heads together are wider than the hidden state. */
const WIDE_HEADS: TransformerConfig = {
  ...SMOLLM2_135M,
  family: 'qwen3',
  hiddenSize: 32,
  intermediateSize: 48,
  vocabSize: 100,
  layerCount: 2,
  headCount: 4,
  kvHeadCount: 2,
  headDim: 16,
};

const ALL: LoraSpec = { ...DEFAULT_LORA, rank: 4, targetModules: TARGET_MODULES };

describe('loraShapes', () => {
  it('names the tensors as PEFT does, in order', () => {
    expect([...loraShapes(WIDE_HEADS, ALL)].slice(14)).toEqual([
      ['model.layers.1.self_attn.q_proj.lora_A.weight', [4, 32]],
      ['model.layers.1.self_attn.q_proj.lora_B.weight', [64, 4]],
      ['model.layers.1.self_attn.k_proj.lora_A.weight', [4, 32]],
      ['model.layers.1.self_attn.k_proj.lora_B.weight', [32, 4]],
      ['model.layers.1.self_attn.v_proj.lora_A.weight', [4, 32]],
      ['model.layers.1.self_attn.v_proj.lora_B.weight', [32, 4]],
      ['model.layers.1.self_attn.o_proj.lora_A.weight', [4, 64]],
      ['model.layers.1.self_attn.o_proj.lora_B.weight', [32, 4]],
      ['model.layers.1.mlp.gate_proj.lora_A.weight', [4, 32]],
      ['model.layers.1.mlp.gate_proj.lora_B.weight', [48, 4]],
      ['model.layers.1.mlp.up_proj.lora_A.weight', [4, 32]],
      ['model.layers.1.mlp.up_proj.lora_B.weight', [48, 4]],
      ['model.layers.1.mlp.down_proj.lora_A.weight', [4, 48]],
      ['model.layers.1.mlp.down_proj.lora_B.weight', [32, 4]],
      ['lm_head.lora_A.weight', [4, 32]],
      ['lm_head.lora_B.weight', [100, 4]],
    ]);
  });

  it('orders by the model, not by the request', () => {
    const names = (targetModules: LoraSpec['targetModules']) => [
      ...loraShapes(WIDE_HEADS, { ...ALL, targetModules }).keys(),
    ];
    expect(names(['lm_head', 'v_proj', 'q_proj'])).toEqual(names(['q_proj', 'v_proj', 'lm_head']));
  });
});

it('counts 921,600 parameters on SmolLM2-135M with the defaults', () => {
  expect(loraParameterCount(SMOLLM2_135M, DEFAULT_LORA)).toBe(921_600);
});

describe('initialLoraWeights', () => {
  it('draws A uniformly within 1/sqrt(inputs) and sets B to zero', () => {
    const weights = initialLoraWeights(SMOLLM2_135M, { ...DEFAULT_LORA, seed: 3 });
    expect(weights.size).toBe(120);
    const bound = 1 / Math.sqrt(576);
    for (const [name, { shape, data }] of weights) {
      expect(data.length).toBe(shape[0]! * shape[1]!);
      if (name.endsWith('lora_B.weight')) {
        expect(data.every((value) => value === 0)).toBe(true);
        continue;
      }
      let sum = 0;
      let squares = 0;
      let largest = 0;
      for (const value of data) {
        sum += value;
        squares += value * value;
        largest = Math.max(largest, Math.abs(value));
      }
      const deviation = bound / Math.sqrt(3);
      expect(largest).toBeLessThanOrEqual(Math.fround(bound));
      expect(largest).toBeGreaterThan(0.99 * bound); // 9216 draws all below it: probability 1e-40
      expect(Math.abs(sum / data.length)).toBeLessThan((5 * deviation) / Math.sqrt(data.length));
      expect(Math.sqrt(squares / data.length) / deviation).toBeCloseTo(1, 1);
    }
  });

  it('gives each tensor numbers of its own, whatever else is targeted', () => {
    const all = initialLoraWeights(WIDE_HEADS, ALL);
    const few = initialLoraWeights(WIDE_HEADS, { ...ALL, targetModules: ['v_proj', 'lm_head'] });
    for (const [name, tensor] of few) expect(all.get(name)).toEqual(tensor);
    const distinct = new Set([...all].filter(([name]) => name.includes('lora_A')).map(([, tensor]) => tensor.data[0]));
    expect(distinct.size).toBe(15);
  });

  it('repeats with the seed and differs without', () => {
    const first = initialLoraWeights(WIDE_HEADS, { ...ALL, seed: 11 });
    expect(initialLoraWeights(WIDE_HEADS, { ...ALL, seed: 11 })).toEqual(first);
    const name = 'model.layers.0.self_attn.q_proj.lora_A.weight';
    expect(initialLoraWeights(WIDE_HEADS, { ...ALL, seed: 12 }).get(name)).not.toEqual(first.get(name));
  });
});
