import { describe, expect, it } from 'vitest';
import { type NamedTensor } from '../domain/adapter/adapter-state.js';
import { DEFAULT_LORA, type LoraSpec } from '../domain/adapter/lora-spec.js';
import { type TransformerConfig } from '../domain/model/transformer-config.js';
import { ADAPTER_CONFIG_FILE, ADAPTER_WEIGHTS_FILE, readPeftAdapter, writePeftAdapter } from './peft-adapter.js';
import { adapterModules, layerTargets, targetsOf } from '../compute/models/adapter-modules.js';
import { encodeSafetensors, parseSafetensors, tensorArray, type TensorToWrite } from './safetensors.js';

const config: TransformerConfig = {
  family: 'llama',
  vocabSize: 7,
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

const spec: LoraSpec = {
  rank: 2,
  alpha: 4.5,
  dropout: 0.1,
  targetModules: ['v_proj', 'down_proj', 'lm_head'],
  rsLora: true,
  seed: 77,
};

function weightsFor(lora: LoraSpec): Map<string, NamedTensor> {
  const weights = new Map<string, NamedTensor>();
  const numbers = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.fround(i / 3 + weights.size));
  for (const { name, target, inputs, outputs } of adapterModules(config)) {
    if (!lora.targetModules.includes(target)) continue;
    weights.set(`${name}.lora_A.weight`, { shape: [lora.rank, inputs], data: numbers(lora.rank * inputs) });
    weights.set(`${name}.lora_B.weight`, { shape: [outputs, lora.rank], data: numbers(outputs * lora.rank) });
  }
  return weights;
}

const written = (lora: LoraSpec = spec) =>
  writePeftAdapter({ lora, weights: weightsFor(lora), baseModelName: 'some/model' });

type Files = Map<string, Uint8Array>;

/** The files with some settings of adapter_config.json changed. */
function withConfig(changes: Record<string, unknown>, files: Files = written()): Files {
  const json = JSON.parse(Buffer.from(files.get(ADAPTER_CONFIG_FILE)!).toString()) as Record<string, unknown>;
  return new Map(files).set(ADAPTER_CONFIG_FILE, Buffer.from(JSON.stringify({ ...json, ...changes })));
}

/** The files with the tensors changed. */
function withTensors(change: (tensors: Map<string, TensorToWrite>) => void, files: Files = written()): Files {
  const bytes = files.get(ADAPTER_WEIGHTS_FILE)!;
  const tensors = new Map<string, TensorToWrite>();
  for (const entry of parseSafetensors(bytes).tensors.values()) {
    tensors.set(entry.name, { dtype: entry.dtype, shape: entry.shape, data: tensorArray(bytes, entry) });
  }
  change(tensors);
  return new Map(files).set(ADAPTER_WEIGHTS_FILE, encodeSafetensors(tensors));
}

const A0 = 'base_model.model.model.layers.0.self_attn.v_proj.lora_A.weight';

describe('PEFT adapters', () => {
  it('come back as they were written, seed and all', () => {
    const read = readPeftAdapter(written(), config);
    expect(read.lora).toEqual({ ...spec, targetModules: ['v_proj', 'down_proj', 'lm_head'] });
    expect(read.weights).toEqual(weightsFor(spec));
    expect(read.baseModelName).toBe('some/model');
  });

  it('own their memory', () => {
    const files = written();
    for (const { data } of readPeftAdapter(files, config).weights.values()) {
      expect(data.buffer.byteLength).toBe(data.byteLength);
    }
  });

  it('may be stored as half floats, and take the defaults of a PEFT that had fewer settings', () => {
    const files = withTensors((tensors) => {
      for (const [name, { shape, data }] of tensors) {
        const bf16 = Uint16Array.from(new Uint32Array(Float32Array.from(data as Float32Array).buffer), (x) => x >>> 16);
        tensors.set(name, { dtype: 'BF16', shape, data: bf16 });
      }
    });
    const old = { use_rslora: undefined, lora_dropout: undefined, rank_pattern: undefined, bias: undefined };
    const read = readPeftAdapter(withConfig(old, files), config);
    expect(read.lora).toMatchObject({ rsLora: false, dropout: 0, seed: 0 });
    const expected = weightsFor(spec).get('lm_head.lora_B.weight')!.data[3]!;
    expect(Math.abs(read.weights.get('lm_head.lora_B.weight')!.data[3]! / expected - 1)).toBeLessThan(2 ** -7);
  });

  it.each([
    ['ends of names', ['self_attn.v_proj', 'mlp.down_proj', 'lm_head']],
    [
      'whole names',
      adapterModules(config)
        .filter((m) => spec.targetModules.includes(m.target))
        .map((m) => m.name),
    ],
    ['a regular expression', '(a+)+$|.*(v_proj|down_proj)|lm_head'],
    ['a regular expression that is not run here', '(?!x).*v_proj'],
  ])('name their targets as %s', (_, target_modules) => {
    expect(readPeftAdapter(withConfig({ target_modules }), config).lora.targetModules).toEqual(spec.targetModules);
  });

  it("understand 'all-linear' as all but the output projection", () => {
    const lora = { ...spec, targetModules: layerTargets(config) };
    const read = readPeftAdapter(withConfig({ target_modules: 'all-linear' }, written(lora)), config);
    expect(read.lora.targetModules).toEqual(layerTargets(config));
  });

  it('may carry the base weight of the output projection, of the right shape', () => {
    const head = (rows: number): Files =>
      withTensors((tensors) =>
        tensors.set('base_model.model.lm_head.base_layer.weight', {
          dtype: 'F32',
          shape: [rows, 4],
          data: new Float32Array(rows * 4),
        }),
      );
    expect(readPeftAdapter(head(7), config).weights.size).toBe(weightsFor(spec).size);
    expect(() => readPeftAdapter(head(8), config)).toThrow(/base_layer\.weight has shape \[8, 4\] instead of \[7, 4\]/);
  });

  it('cover every kind of linear of the model', () => {
    const lora = { ...DEFAULT_LORA, rank: 1, targetModules: targetsOf(config) };
    expect(readPeftAdapter(written(lora), config).weights.size).toBe(2 * (7 * 2 + 1));
  });
});

describe('adapters of another base model', () => {
  const read =
    (files: Files, of: TransformerConfig = config) =>
    () =>
      readPeftAdapter(files, of);
  it.each([
    ['fewer layers', { ...config, layerCount: 3 }, /has no model\.layers\.2\.self_attn\.v_proj\.lora_A/],
    ['more layers', { ...config, layerCount: 1 }, /base model has no model\.layers\.1\./],
    ['another width', { ...config, hiddenSize: 8 }, /lora_A\.weight has shape \[2, 4\] instead of \[2, 8\]/],
    ['another vocabulary', { ...config, vocabSize: 8 }, /lm_head\.lora_B\.weight has shape \[7, 2\]/],
  ])('%s', (_, other, message) => {
    expect(read(written(), other)).toThrow(message);
    expect(read(written(), other)).toThrow(expect.objectContaining({ code: 'adapter_mismatch', category: 'user' }));
  });

  it('says which base model it was made for', () => {
    const remedy = "It was created for 'some/model'; import it with base_model set to that model.";
    expect(read(written(), { ...config, layerCount: 3 })).toThrow(expect.objectContaining({ details: { remedy } }));
  });

  it('with modules of another architecture', () => {
    expect(read(withConfig({ target_modules: ['c_attn'] }))).toThrow(/None of its target_modules \(c_attn\)/);
  });
});

describe('refused adapters', () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    ['another method', { peft_type: 'IA3' }, /peft_type .* is "IA3": only 'LORA'/],
    ['no method', { peft_type: undefined }, /peft_type .* is missing/],
    ['DoRA', { use_dora: true }, /use_dora/],
    ['biases', { bias: 'lora_only' }, /trained biases/],
    ['LoRA biases', { lora_bias: true }, /lora_bias/],
    ['whole modules', { modules_to_save: ['lm_head'] }, /modules_to_save/],
    ['some layers of a file with all', { layers_to_transform: [0] }, /layers_to_transform exclude .*layers\.1\./],
    ['layers by name', { layers_to_transform: ['first'] }, /layers_to_transform .* must name layers/],
    [
      'other ranks than those of the file',
      { rank_pattern: { v_proj: 4 } },
      /v_proj.* has shape \[2, 4\] instead of \[4, 4\]/,
    ],
    ['a rank of zero somewhere', { rank_pattern: { v_proj: 0 } }, /rank_pattern\['v_proj'\] .* positive/],
    ['a pattern with look-around', { alpha_pattern: { '(?=v)v_proj': 4 } }, /alpha_pattern .* unsupported construct/],
    ['an excluded module with tensors', { exclude_modules: '.*down_proj' }, /exclude_modules .* exclude .*down_proj/],
    ['PiSSA', { init_lora_weights: 'pissa' }, /init_lora_weights .* changes the base weights/],
    ['a feature of the future', { use_something_new: true }, /use_something_new .* does not support/],
    ['rank zero', { r: 0 }, /r in .* positive integer/],
    ['a rank as text', { r: '8' }, /r in .* is "8"/],
    ['no alpha', { lora_alpha: null }, /lora_alpha .* is null/],
    ['dropout one', { lora_dropout: 1 }, /lora_dropout/],
    ['a LoRA on the embedding', { target_modules: ['q_proj', 'embed_tokens'] }, /LoRA on the embedding/],
    ['no targets', { target_modules: [] }, /target_modules/],
    [
      'a target without tensors',
      { target_modules: ['k_proj', 'v_proj', 'down_proj', 'lm_head'] },
      /no .*k_proj\.lora_A/,
    ],
    [
      'tensors without a target',
      { target_modules: ['down_proj', 'lm_head'] },
      /its target_modules, .* exclude .*v_proj/,
    ],
    ['a rank other than the tensors', { r: 3 }, /has shape \[2, 4\] instead of \[3, 4\]/],
  ])('%s', (_, changes, message) => {
    expect(() => readPeftAdapter(withConfig(changes), config)).toThrow(message);
  });

  const extra = (name: string): TensorToWrite => ({ dtype: 'F32', shape: [1], data: Float32Array.of(name.length) });
  it.each<[string, (tensors: Map<string, TensorToWrite>) => void, RegExp]>([
    ['a missing tensor', (t) => t.delete(A0), /has no model\.layers\.0\.self_attn\.v_proj\.lora_A\.weight/],
    ['NaN', (t) => void ((t.get(A0)!.data as Float32Array)[3] = NaN), /lora_A\.weight contains NaN at index 3/],
    ['infinity', (t) => void ((t.get(A0)!.data as Float32Array)[0] = -Infinity), /contains -Infinity at index 0/],
    ['an embedding', (t) => t.set('base_model.model.model.embed_tokens.weight', extra('e')), /embed_tokens\.weight/],
    ['a DoRA vector', (t) => t.set(A0.replace('A.weight', 'magnitude_vector'), extra('m')), /not a LoRA matrix/],
    ['integers', (t) => t.set(A0, { dtype: 'I32', shape: [2, 4], data: new Int32Array(8) }), /is I32; it must be/],
  ])('%s', (_, change, message) => {
    expect(() => readPeftAdapter(withTensors(change), config)).toThrow(message);
  });

  it('files that are missing or damaged', () => {
    const without = (name: string) => new Map([...written()].filter(([file]) => file !== name));
    expect(() => readPeftAdapter(without(ADAPTER_CONFIG_FILE), config)).toThrow(/no adapter_config\.json/);
    expect(() => readPeftAdapter(without(ADAPTER_WEIGHTS_FILE), config)).toThrow(/no adapter_model\.safetensors/);
    const broken = (name: string) => new Map(written()).set(name, Buffer.from('nonsense'));
    expect(() => readPeftAdapter(broken(ADAPTER_CONFIG_FILE), config)).toThrow(/is not JSON/);
    expect(() => readPeftAdapter(broken(ADAPTER_WEIGHTS_FILE), config)).toThrow(/not a valid safetensors file/);
  });
});
