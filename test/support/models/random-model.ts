import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseHfConfig } from '../../../src/base-models/model-config/hf-config.js';
import { type LocalModel } from '../../../src/compute/local/local-model.js';
import { modelParameters } from '../../../src/compute/models/model-parameters.js';
import { RandomStream } from '../../../src/compute/numerics/random.js';

/** Written for both `config.json` and what transformers would set itself. */
export interface RandomModelShape {
  readonly model_type: 'llama' | 'qwen2' | 'qwen3';
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly head_dim: number;
  readonly vocab_size: number;
}

const ARCHITECTURES = { llama: 'LlamaForCausalLM', qwen2: 'Qwen2ForCausalLM', qwen3: 'Qwen3ForCausalLM' };

/** A model of any shape with random weights, whose numbers are of the size of a trained one's; a file in the folder. */
export async function randomModel(name: string, shape: RandomModelShape, folder: string): Promise<LocalModel> {
  const json = {
    ...shape,
    architectures: [ARCHITECTURES[shape.model_type]],
    max_position_embeddings: 4096,
    tie_word_embeddings: true,
    hidden_act: 'silu',
    rms_norm_eps: 1e-5,
    rope_theta: 10_000,
    dtype: 'float32',
  };
  const config = parseHfConfig(json, name);
  const tensors = new Map<string, { byteOffset: number; shape: readonly number[] }>();
  const parts: Float32Array[] = [];
  let parameterCount = 0;
  for (const [parameter, sizes] of modelParameters(config)) {
    const values = new Float32Array(sizes.reduce((product, size) => product * size, 1));
    new RandomStream(1, `${name}/${parameter}`).fillUniform(values);
    const isNorm = parameter.includes('norm');
    const scale = isNorm ? 0.4 : 3.4 / Math.sqrt(sizes.at(-1)!);
    tensors.set(parameter, { byteOffset: parameterCount * Float32Array.BYTES_PER_ELEMENT, shape: sizes });
    parts.push(values.map((value) => (value - 0.5) * scale + (isNorm ? 1 : 0)));
    parameterCount += values.length;
  }
  const path = join(folder, `${name}.f32`);
  await writeFile(path, Buffer.concat(parts.map(({ buffer }) => Buffer.from(buffer))));
  return { name, config, weights: { path, tensors, parameterCount } };
}
