import { type NamedTensor } from '../../domain/adapter/adapter-state.js';
import { loraShapes } from '../models/adapter-modules.js';
import { type LoraSpec } from '../../domain/adapter/lora-spec.js';
import { type ModelConfig } from '../../domain/model/model-config.js';
import { RandomStream } from './random.js';

/**
 * First values as PEFT's: A by kaiming_uniform_(a = sqrt(5)), which is uniform in (-1/sqrt(inputs), 1/sqrt(inputs)), and
 * B zero, so that a new adapter changes nothing. Each A has a random stream of its own, by its name: the same seed gives
 * the same A whichever other modules are targeted.
 */
export function initialLoraWeights(config: ModelConfig, spec: LoraSpec): Map<string, NamedTensor> {
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
