import { ropeFrequencies } from '../../compute/models/rope-frequencies.js';
import { type RopeScaling, type TransformerConfig } from '../../domain/model/transformer-config.js';
import { type GgufMetadata, type GgufValue } from '../../formats/gguf.js';
import { ExportUnsupportedError } from '../export.errors.js';

/** What llama.cpp computes with, by the keys of its convert_hf_to_gguf. @throws ExportUnsupportedError */
export function hyperparameters(config: TransformerConfig, architecture: string): GgufMetadata {
  const count = (key: string, value: number): [string, GgufValue] => [
    `${architecture}.${key}`,
    { type: 'uint32', value },
  ];
  const number = (key: string, value: number): [string, GgufValue] => [
    `${architecture}.${key}`,
    { type: 'float32', value },
  ];
  const { rope, headDim } = config;
  const ofLlama = [count('vocab_size', config.vocabSize), count('rope.dimension_count', headDim)];
  return new Map([
    count('block_count', config.layerCount),
    count('context_length', config.contextLength),
    count('embedding_length', config.hiddenSize),
    count('feed_forward_length', config.intermediateSize),
    count('attention.head_count', config.headCount),
    count('attention.head_count_kv', config.kvHeadCount),
    number('attention.layer_norm_rms_epsilon', config.rmsNormEps),
    count('attention.key_length', headDim),
    count('attention.value_length', headDim),
    number('rope.freq_base', rope.theta),
    ...(architecture === 'llama' ? ofLlama : []),
    ...(rope.scaling ? scalingMetadata(rope.scaling, count, number, architecture) : []),
  ]);
}

type Entry = (key: string, value: number) => [string, GgufValue];

function scalingMetadata(
  scaling: RopeScaling,
  count: Entry,
  number: Entry,
  architecture: string,
): [string, GgufValue][] {
  const type: [string, GgufValue] = [`${architecture}.rope.scaling.type`, { type: 'string', value: scaling.type }];
  switch (scaling.type) {
    // Written as a tensor of factors.
    case 'llama3':
      return [];
    case 'linear':
      return [type, number('rope.scaling.factor', scaling.factor)];
    case 'yarn': {
      const { factor, attentionFactor, betaFast, betaSlow, truncate, originalContextLength } = scaling;
      const usual = Math.abs(attentionFactor - (1 + 0.1 * Math.log(Math.max(1, factor)))) < 1e-6;
      if (!usual || betaFast !== 32 || betaSlow !== 1 || !truncate) {
        const remedy = 'Export with format=merged.';
        throw new ExportUnsupportedError(
          `RoPE of type yarn is written as GGUF only with its usual attention_factor, beta_fast 32, beta_slow 1 and truncate. ${remedy}`,
          { field: 'format', remedy },
        );
      }
      return [
        type,
        number('rope.scaling.factor', factor),
        count('rope.scaling.original_context_length', originalContextLength),
      ];
    }
  }
}

/** By which llama.cpp divides the angle of each pair of dimensions, where they differ from pair to pair. */
export function ropeFactors({ rope: { theta, scaling }, headDim }: TransformerConfig): Float32Array | null {
  if (scaling?.type !== 'llama3') return null;
  const plain = ropeFrequencies({ theta, scaling: null }, headDim).frequencies;
  const { frequencies } = ropeFrequencies({ theta, scaling }, headDim);
  return plain.map((frequency, i) => frequency / (frequencies[i] ?? frequency));
}
