import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseHfConfig } from '../../src/base-models/model-config/hf-config.js';
import { layerTargets, targetsOf } from '../../src/compute/models/adapter-modules.js';
import { readPeftAdapter, writePeftAdapter } from '../../src/formats/peft-adapter.js';
import { parseSafetensors, tensorArray } from '../../src/formats/safetensors.js';

/** Adapter folders as PEFT itself saved them (test/numerics/fixtures/lora.py). */
const fixtures = new URL('../fixtures/', import.meta.url);
const bytes = (path: string) => new Uint8Array(readFileSync(new URL(path, fixtures)));
const configOf = (model: string) =>
  parseHfConfig(JSON.parse(Buffer.from(bytes(`models/${model}/config.json`)).toString()), model);
const folder = (name: string) =>
  new Map(['adapter_config.json', 'adapter_model.safetensors'].map((file) => [file, bytes(`peft/${name}/${file}`)]));

describe('adapters saved by PEFT', () => {
  it.each([
    ['llama-all', 'llama', layerTargets],
    ['llama-all-head', 'llama', targetsOf],
    ['qwen3-all-head', 'qwen3', targetsOf],
  ])('reads %s and writes it back with the same numbers', (name, model, targets) => {
    const targetModules = targets(configOf(model));
    const files = folder(name);
    const adapter = readPeftAdapter(files, configOf(model));
    expect(adapter.lora).toEqual({ rank: 4, alpha: 8, dropout: 0.05, rsLora: false, seed: 0, targetModules });
    expect(adapter.baseModelName).toBe(`tiny-random/${model}`);

    const [theirs, ours] = [files, writePeftAdapter(adapter)].map((made) => made.get('adapter_model.safetensors')!);
    const entries = [...parseSafetensors(theirs!).tensors].filter(([tensor]) => tensor.includes('.lora_'));
    const rewritten = parseSafetensors(ours!).tensors;
    expect([...rewritten.keys()].sort()).toEqual(entries.map(([tensor]) => tensor).sort());
    for (const [tensor, entry] of entries) {
      expect(tensorArray(ours!, rewritten.get(tensor)!)).toEqual(tensorArray(theirs!, entry));
    }
  });

  it('refuses an adapter of another base model', () => {
    const importing = () => readPeftAdapter(folder('llama-all'), configOf('qwen3'));
    expect(importing).toThrow(expect.objectContaining({ code: 'adapter_mismatch' }));
  });
});
