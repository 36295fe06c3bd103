import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TransformerConfig } from '../domain/model/transformer-config.js';
import { encodeSafetensors, type TensorToWrite } from '../formats/safetensors.js';
import { openCheckpoint } from './checkpoint-files.js';
import { parseHfConfig } from './model-config/hf-config.js';
import { modelParameters } from '../compute/models/model-parameters.js';

const config: TransformerConfig = {
  family: 'qwen2',
  vocabSize: 5,
  hiddenSize: 4,
  intermediateSize: 6,
  layerCount: 2,
  headCount: 2,
  kvHeadCount: 1,
  headDim: 2,
  rmsNormEps: 1e-6,
  contextLength: 16,
  tiedEmbeddings: true,
  rope: { theta: 10_000, scaling: null },
};

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'checkpoint-'))));
afterEach(() => rm(folder, { recursive: true }));

function allTensors(of: TransformerConfig = config): Map<string, TensorToWrite> {
  const tensors = new Map<string, TensorToWrite>();
  for (const [name, shape] of modelParameters(of)) {
    const count = shape.reduce((a, b) => a * b, 1);
    tensors.set(name, { dtype: 'BF16', shape, data: new Uint16Array(count) });
  }
  return tensors;
}

const write = (name: string, tensors: Map<string, TensorToWrite>) =>
  writeFile(join(folder, name), encodeSafetensors(tensors));
const opened = (of: TransformerConfig = config) => openCheckpoint(folder, of, "Base model 'm'");

describe('openCheckpoint', () => {
  it('finds every parameter of a single file, biases included, and counts the numbers', async () => {
    await write('model.safetensors', allTensors());
    const { tensors, parameterCount } = await opened();
    expect(tensors.get('model.layers.1.self_attn.k_proj.bias')).toMatchObject({
      dtype: 'BF16',
      shape: [2],
      byteLength: 4,
    });
    // Embedding 20, final norm 4, and per layer norms 8, q 16, k and v 8 each, o 16, MLP 72, biases 8.
    expect(parameterCount).toBe(20 + 4 + 2 * (8 + 16 + 8 + 8 + 16 + 72 + 8));
  });

  it('finds parameters over shards, and says which shard is missing', async () => {
    const all = [...allTensors()];
    const [a, b] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
    await write(a, new Map(all.slice(0, 7)));
    await write(b, new Map(all.slice(7)));
    const weightMap = Object.fromEntries(all.map(([name], i) => [name, i < 7 ? a : b]));
    await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: weightMap }));
    const { tensors } = await opened();
    expect(tensors.get(all[0]![0])!.file).toBe(join(folder, a));
    expect(tensors.get(all[7]![0])!.file).toBe(join(folder, b));
    await rm(join(folder, b));
    await expect(opened()).rejects.toThrow(/shards are missing from its folder: model-00002-of-00002/);
  });

  it('refuses an index that leads out of the folder', async () => {
    await writeFile(
      join(folder, 'model.safetensors.index.json'),
      JSON.stringify({ weight_map: { x: '../secret.safetensors' } }),
    );
    await expect(opened()).rejects.toThrow(/not a safetensors file in the same folder/);
  });

  it('names what is missing, unexpected, of another shape or of another type', async () => {
    const missing = allTensors();
    missing.delete('model.layers.0.mlp.up_proj.weight');
    await write('model.safetensors', missing);
    await expect(opened()).rejects.toThrow(/1 parameters are missing from its files: model\.layers\.0\.mlp\.up_proj/);

    const norms = [...allTensors({ ...config, family: 'qwen3' })].filter(([name]) => /[qk]_norm\.weight$/.test(name));
    const unexpected = new Map([...allTensors(), ...norms]);
    await write('model.safetensors', unexpected);
    await expect(opened()).rejects.toThrow(/4 parameters that config\.json does not account for: .*q_norm/);

    const shape = allTensors();
    shape.set('model.norm.weight', { dtype: 'F32', shape: [2, 2], data: new Float32Array(4) });
    await write('model.safetensors', shape);
    await expect(opened()).rejects.toThrow(/model\.norm\.weight has shape \[2, 2\] where config\.json requires \[4\]/);

    const dtype = allTensors();
    dtype.set('model.norm.weight', { dtype: 'F64', shape: [4], data: new Float64Array(4) });
    await write('model.safetensors', dtype);
    await expect(opened()).rejects.toThrow(/model\.norm\.weight is F64; weights must be/);
  });

  it('demands lm_head only when it is not tied, and ignores a second copy of a tied one', async () => {
    await write('model.safetensors', allTensors());
    await expect(opened({ ...config, tiedEmbeddings: false })).rejects.toThrow(/lm_head\.weight \(set "tie_word/);
    await write('model.safetensors', allTensors({ ...config, tiedEmbeddings: false }));
    expect((await opened()).tensors.has('lm_head.weight')).toBe(false);
    expect((await opened({ ...config, tiedEmbeddings: false })).tensors.has('lm_head.weight')).toBe(true);
  });

  it('refuses PyTorch .bin files with the remedy, an empty folder and a missing one', async () => {
    await expect(opened()).rejects.toThrow(/has neither model\.safetensors nor/);
    await writeFile(join(folder, 'pytorch_model.bin'), 'x');
    await expect(opened()).rejects.toMatchObject({
      code: 'unsupported_checkpoint',
      details: { remedy: expect.stringContaining('save_pretrained') as string },
    });
    await expect(openCheckpoint(join(folder, 'no'), config, 'm')).rejects.toThrow(/cannot be read/);
  });

  it('says that a file is cut short', async () => {
    await writeFile(join(folder, 'model.safetensors'), encodeSafetensors(allTensors()).subarray(0, -1));
    await expect(opened()).rejects.toMatchObject({
      code: 'unsupported_checkpoint',
      message: expect.stringMatching(/truncated/) as string,
    });
  });

  it.each(['llama', 'llama3-rope', 'mistral', 'qwen2', 'qwen3'])(
    'opens the %s checkpoint of transformers',
    async (name) => {
      const path = fileURLToPath(new URL(`../../test/fixtures/models/${name}`, import.meta.url));
      const of = parseHfConfig(JSON.parse(await readFile(join(path, 'config.json'), 'utf8')), name);
      const { tensors } = await openCheckpoint(path, of, name);
      expect([...tensors.keys()]).toEqual([...modelParameters(of).keys()]);
    },
  );

  it('has the same fingerprint until the files change', async () => {
    await write('model.safetensors', allTensors());
    const { fingerprint } = await opened();
    expect((await opened()).fingerprint).toBe(fingerprint);
    const changed = allTensors();
    changed.set('model.norm.weight', { dtype: 'F32', shape: [4], data: new Float32Array(4) });
    await write('model.safetensors', changed);
    expect((await opened()).fingerprint).not.toBe(fingerprint);
  });
});
