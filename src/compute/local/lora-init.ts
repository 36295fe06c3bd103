import { type NamedTensor } from '../../domain/adapter-state.js';
import { LAYER_TARGETS, type LoraSpec, type TargetModule } from '../../domain/lora-spec.js';
import { type TransformerConfig } from '../../domain/transformer-config.js';
import { RandomStream } from './random.js';

/*
 * The tensors of a LoRA adapter: names as PEFT's (see domain/adapter-state.ts), shapes, first values. Everything that
 * lists an adapter's tensors lists them in the order made here: by layer, by module, A before B, the output projection
 * last.
 */

const ATTENTION_TARGETS: readonly TargetModule[] = ['q_proj', 'k_proj', 'v_proj', 'o_proj'];

/** Sizes of a linear that can carry a LoRA. */
export interface LinearSize {
  readonly inputs: number;
  readonly outputs: number;
}

export function linearSize(config: TransformerConfig, target: TargetModule): LinearSize {
  const { hiddenSize, intermediateSize, vocabSize } = config;
  const queries = config.headCount * config.headDim; // not always the hidden size (Qwen3)
  const keys = config.kvHeadCount * config.headDim;
  switch (target) {
    case 'q_proj':
      return { inputs: hiddenSize, outputs: queries };
    case 'k_proj':
    case 'v_proj':
      return { inputs: hiddenSize, outputs: keys };
    case 'o_proj':
      return { inputs: queries, outputs: hiddenSize };
    case 'gate_proj':
    case 'up_proj':
      return { inputs: hiddenSize, outputs: intermediateSize };
    case 'down_proj':
      return { inputs: intermediateSize, outputs: hiddenSize };
    case 'lm_head':
      return { inputs: hiddenSize, outputs: vocabSize };
  }
}

/** PEFT's name of the linear, to which `.lora_A.weight` and `.lora_B.weight` are added. */
export function linearName(layer: number, target: TargetModule): string {
  if (target === 'lm_head') return target;
  return `model.layers.${layer}.${ATTENTION_TARGETS.includes(target) ? 'self_attn' : 'mlp'}.${target}`;
}

/** Shape of every tensor of an adapter, in order: A is [rank, inputs], B is [outputs, rank]. */
export function loraShapes(config: TransformerConfig, spec: LoraSpec): Map<string, readonly [number, number]> {
  const shapes = new Map<string, readonly [number, number]>();
  const add = (layer: number, target: TargetModule) => {
    if (!spec.targetModules.includes(target)) return;
    const { inputs, outputs } = linearSize(config, target);
    shapes.set(`${linearName(layer, target)}.lora_A.weight`, [spec.rank, inputs]);
    shapes.set(`${linearName(layer, target)}.lora_B.weight`, [outputs, spec.rank]);
  };
  for (let layer = 0; layer < config.layerCount; layer++) {
    for (const target of LAYER_TARGETS) add(layer, target);
  }
  add(0, 'lm_head');
  return shapes;
}

export function loraParameterCount(config: TransformerConfig, spec: LoraSpec): number {
  let count = 0;
  for (const [rows, columns] of loraShapes(config, spec).values()) count += rows * columns;
  return count;
}

/**
 * First values as PEFT's: A by kaiming_uniform_(a = sqrt(5)), which is uniform in (-1/sqrt(inputs), 1/sqrt(inputs)), and
 * B zero, so that a new adapter changes nothing. Each A has a random stream of its own, by its name: the same seed gives
 * the same A whichever other modules are targeted.
 */
export function initialLoraWeights(config: TransformerConfig, spec: LoraSpec): Map<string, NamedTensor> {
  const weights = new Map<string, NamedTensor>();
  for (const [name, shape] of loraShapes(config, spec)) {
    const data = new Float32Array(shape[0] * shape[1]);
    if (name.endsWith('.lora_A.weight')) {
      new RandomStream(spec.seed, `lora_init/${name}`).fillUniform(data);
      const bound = 1 / Math.sqrt(shape[1]);
      for (let i = 0; i < data.length; i++) data[i] = (2 * data[i]! - 1) * bound;
    }
    weights.set(name, { shape, data });
  }
  return weights;
}
