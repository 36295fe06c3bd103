import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ropeFrequencies } from '../../src/compute/models/rope-frequencies.js';
import { COMMON_DEFAULTS } from '../../src/base-models/model-config/hf-model-family.js';
import { MODEL_FAMILIES } from '../../src/compute/models/families/model-families.js';
import { modelParameters } from '../../src/compute/models/model-parameters.js';
import { HARMLESS_FIELDS, READ_FIELDS, REFUSED_FIELDS } from '../../src/base-models/model-config/hf-config-fields.js';
import { parseHfConfig } from '../../src/base-models/model-config/hf-config.js';

/** What transformers makes of config.json: see test/numerics/make-config-fixtures.py. */
interface Expected {
  readonly architecture: string;
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly head_dim: number;
  readonly rms_norm_eps: number;
  readonly tie_word_embeddings: boolean;
  readonly qkv_bias: boolean;
  readonly activation: string;
  readonly window: number | null;
  readonly frequencies: readonly number[];
  readonly attention_factor: number;
}

interface Fixture {
  readonly classes: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly generation: readonly string[];
  readonly activations: Readonly<Record<string, string>>;
  readonly published: readonly string[];
  readonly cases: Readonly<Record<string, { readonly config: unknown; readonly expected: Expected | null }>>;
}

const path = new URL('../fixtures/configs.json', import.meta.url);
const fixture = JSON.parse(readFileSync(path, 'utf8')) as Fixture;
const harmless = Object.values(HARMLESS_FIELDS).flat();

/** Loaded by transformers, refused here. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  'Qwen2.5-7B-Instruct-AWQ': /quantized \(quantization_config\)/,
  'Qwen3-0.6B in 4 bits for MLX': /quantized \(quantization\)/,
  'gte-Qwen2-1.5B-instruct': /its own code \(auto_map\)/,
  'a reward model': /architecture is LlamaForSequenceClassification; supported are LlamaForCausalLM/,
  'Mixtral-8x7B': /architecture is MixtralForCausalLM/,
  'Llama with the multipliers of Granite': /attention_multiplier in its config.json is 0\.0078125/,
  'Llama with capped logits': /final_logit_softcapping in its config.json is 30/,
  'Llama with longrope': /RoPE type is "longrope"/,
  'Llama with biases': /attention has biases/,
  'Llama with biases in its MLP': /MLP has biases/,
  'Llama with gelu': /hidden_act\) is "gelu" instead of silu/,
  'Llama with dropout in attention': /attention_dropout/,
  'Llama with half of each head rotated': /only a fraction 0\.5 of each head/,
  'llama: proportional': /RoPE type is "proportional"/,
  'llama: partial in rope_scaling': /only a fraction 0\.5 of each head/,
  'llama: relu': /hidden_act\) is "relu"/,
  'llama: heads that do not share': /cannot be divided evenly among 3/,
  'llama: two architectures': /architecture is MistralForCausalLM, but its model_type is llama/,
};

/** Transformers fails on these null flags; versions before 5 took them for false, as is done here. */
const TAKEN = ['llama: attention_bias null', 'qwen3: attention_bias null'];

const parse = (name: string, note?: (text: string) => void) => parseHfConfig(fixture.cases[name]!.config, name, note);

describe('config.json against transformers', () => {
  const names = Object.keys(fixture.cases);
  const loads = (name: string) => fixture.cases[name]!.expected !== null;

  it.each(names.filter((name) => loads(name) && !REFUSED[name]))('reads %s', (name) => {
    const { expected } = fixture.cases[name]!;
    const config = parse(name);
    const read = {
      architecture: MODEL_FAMILIES[config.family].architecture,
      vocab_size: config.vocabSize,
      hidden_size: config.hiddenSize,
      intermediate_size: config.intermediateSize,
      num_hidden_layers: config.layerCount,
      num_attention_heads: config.headCount,
      num_key_value_heads: config.kvHeadCount,
      head_dim: config.headDim,
      rms_norm_eps: config.rmsNormEps,
      tie_word_embeddings: config.tiedEmbeddings,
      qkv_bias: modelParameters(config).has('model.layers.0.self_attn.q_proj.bias'),
    };
    expect(expected).toMatchObject(read);
    expect(Object.values(fixture.activations)).toContain(expected!.activation);
    expect(config.contextLength).toBeLessThanOrEqual(expected!.window ?? Infinity);
  });

  it.each(names.filter((name) => loads(name) && !REFUSED[name]))('has the frequencies of %s', (name) => {
    const { expected } = fixture.cases[name]!;
    const { rope, headDim } = parse(name);
    const { frequencies, attentionFactor } = ropeFrequencies(rope, headDim);
    expect(frequencies).toHaveLength(expected!.frequencies.length);
    // PyTorch's powers of float32 are right to one unit in the last place, 2^-23; what follows carries it on.
    frequencies.forEach((frequency, i) => {
      expect(Math.abs(frequency / expected!.frequencies[i]! - 1)).toBeLessThan(2 ** -22);
    });
    expect(attentionFactor).toBeCloseTo(expected!.attention_factor, 14);
  });

  it.each(names.filter((name) => !loads(name) && !TAKEN.includes(name)))('refuses %s, as transformers does', (name) => {
    expect(() => parse(name)).toThrow(/cannot be loaded/);
  });

  it.each(Object.entries(REFUSED))('refuses %s with its reason', (name, reason) => {
    expect(loads(name)).toBe(true);
    expect(() => parse(name)).toThrow(reason);
  });

  it.each(TAKEN)('takes %s for false', (name) => {
    expect(parse(name)).toEqual(parse(`${name.split(':')[0]!}: layer_types null`));
  });

  it('loads every published checkpoint', () => {
    expect(fixture.published.length).toBeGreaterThan(20);
    expect(fixture.published.filter((name) => REFUSED[name] ?? !loads(name))).toEqual([]);
  });

  it.each([
    ['Llama-3.1-8B', 131_072],
    ['Qwen2.5-7B-Instruct', 32_768],
    ['Qwen2.5-7B-Instruct with yarn', 131_072],
    ['Qwen3-8B', 40_960],
    ['Qwen3-8B with yarn', 131_072],
    ['Qwen3-8B saved by transformers 5, with yarn', 131_072],
    ['DeepSeek-R1-Distill-Qwen-1.5B', 131_072],
    ['vicuna-7b-v1.5-16k', 16_384],
    ['Mistral-7B-v0.1', 4096],
    ['Mistral-7B-v0.3', 32_768],
    ['internlm2-7b as Llama', 32_768],
    ['llama: yarn without the original length', 512],
    ['qwen2: a default window', 4096],
  ])('computes %s up to %i tokens', (name, contextLength) => {
    expect(parse(name).contextLength).toBe(contextLength);
  });

  it.each([
    ['Mistral-7B-v0.1', /sliding-window attention over 4096 tokens .* instead of 32768/],
    ['internlm2-7b as Llama', /dynamic depends on the batch beyond 32768 tokens/],
  ])('says why %s has a shorter context', (name, text) => {
    const notes: string[] = [];
    parse(name, (note) => notes.push(note));
    expect(notes).toEqual([expect.stringMatching(text)]);
  });
});

describe.each(Object.entries(fixture.classes))("the fields of transformers' configuration of %s", (family, fields) => {
  it.each(Object.keys(fields))('%s is read, harmless or refused', (field) => {
    const lists = [READ_FIELDS.has(field), harmless.includes(field), Object.hasOwn(REFUSED_FIELDS, field)];
    expect(lists.filter((isIn) => isIn)).toHaveLength(1);
  });

  it('have the defaults that are assumed for them', () => {
    const { defaults } = MODEL_FAMILIES[family as keyof typeof MODEL_FAMILIES].configuration;
    const assumed: Record<string, unknown> = { ...COMMON_DEFAULTS, ...defaults };
    for (const [field, value] of Object.entries(assumed)) {
      if (Object.hasOwn(fields, field)) expect([field, value]).toEqual([field, fields[field]]);
    }
  });

  it('are refused at no default', () => {
    expect(() => parseHfConfig({ ...fields, model_type: family }, family)).not.toThrow();
  });
});

describe('fields that transformers does not know', () => {
  const llama = fixture.cases['Llama-3.1-8B']!.config as Record<string, unknown>;

  it('are ignored and reported where their names say nothing of the computation', () => {
    const notes: string[] = [];
    const config = parseHfConfig({ ...llama, company: 'x', epoch: 3 }, 'm', (note) => notes.push(note));
    expect(config).toEqual(parseHfConfig(llama, 'm'));
    expect(notes).toEqual(['m: ignoring unknown fields of config.json: company, epoch.']);
  });

  it.each(['attn_pdrop', 'qk_layernorm', 'num_local_experts', 'rotary_pct', 'mup_attn_multiplier', 'text_config'])(
    'are refused where their names say it: %s',
    (field) => {
      expect(() => parseHfConfig({ ...llama, [field]: 0.25 }, 'm')).toThrow(`${field} in its config.json is 0.25`);
      for (const nothing of [null, false, 0, '', [], {}]) {
        expect(() => parseHfConfig({ ...llama, [field]: nothing }, 'm')).not.toThrow();
      }
    },
  );

  it.each(fixture.generation)('are harmless where they set sampling: %s', (field) => {
    expect(harmless).toContain(field);
  });
});
