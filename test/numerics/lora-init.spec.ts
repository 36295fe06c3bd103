import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { initialLoraWeights } from '../../src/compute/numerics/lora-init.js';
import { DEFAULT_LORA, loraScale } from '../../src/domain/adapter/lora-spec.js';
import { type TransformerConfig } from '../../src/domain/model/transformer-config.js';

/* Shapes, distribution and scale of PEFT's fresh LoRA layers (test/fixtures/lora-init.json). */

interface Fixture {
  readonly cases: readonly {
    readonly in_features: number;
    readonly out_features: number;
    readonly r: number;
    readonly lora_alpha: number;
    readonly use_rslora: boolean;
    readonly scaling: number;
    readonly a_shape: number[];
    readonly b_shape: number[];
    readonly a_bound: number;
    readonly a_std: number;
  }[];
}

const fixture = JSON.parse(readFileSync(new URL('../fixtures/lora-init.json', import.meta.url), 'utf8')) as Fixture;

/** A model whose lm_head has these sizes; nothing else of it is looked at. */
function modelWith(hiddenSize: number, vocabSize: number): TransformerConfig {
  return {
    family: 'llama',
    vocabSize,
    hiddenSize,
    intermediateSize: 8,
    layerCount: 1,
    headCount: 1,
    kvHeadCount: 1,
    headDim: 8,
    rmsNormEps: 1e-5,
    contextLength: 8,
    tiedEmbeddings: false,
    rope: { theta: 1e4, scaling: null },
  };
}

it.each(fixture.cases.map((one) => [`${one.in_features}x${one.out_features} r ${one.r}`, one] as const))(
  '%s',
  (_, one) => {
    const spec = { rank: one.r, alpha: one.lora_alpha, rsLora: one.use_rslora };
    expect(loraScale(spec)).toBeCloseTo(one.scaling, 12);
    const lora = { ...DEFAULT_LORA, ...spec, targetModules: ['lm_head'] as const };
    const weights = initialLoraWeights(modelWith(one.in_features, one.out_features), lora);
    const a = weights.get('lm_head.lora_A.weight')!;
    const b = weights.get('lm_head.lora_B.weight')!;
    expect([a.shape, b.shape]).toEqual([one.a_shape, one.b_shape]);
    expect(b.data.every((value) => value === 0)).toBe(true);
    const mean = a.data.reduce((sum, value) => sum + value, 0) / a.data.length;
    const deviation = Math.sqrt(a.data.reduce((sum, value) => sum + value * value, 0) / a.data.length);
    expect(a.data.every((value) => Math.abs(value) <= Math.fround(one.a_bound))).toBe(true);
    // Five standard deviations of the estimates: std / sqrt(n) for the mean, std * sqrt(0.2 / n) for a uniform's deviation.
    expect(Math.abs(mean)).toBeLessThan((5 * one.a_std) / Math.sqrt(a.data.length));
    expect(Math.abs(deviation - one.a_std)).toBeLessThan(5 * one.a_std * Math.sqrt(0.2 / a.data.length));
  },
);
