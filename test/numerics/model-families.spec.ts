import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { HARMLESS_FIELDS, READ_FIELDS, REFUSED_FIELDS } from '../../src/base-models/model-config/hf-config-fields.js';
import { parseModelConfig } from '../../src/base-models/model-config/hf-model-config.js';
import { COMMON_DEFAULTS } from '../../src/base-models/model-config/hf-model-family.js';
import { adapterModules, layerTargets, targetsOf } from '../../src/compute/models/adapter-modules.js';
import { LOCAL_FAMILIES, MODEL_FAMILIES } from '../../src/compute/models/families/model-families.js';
import { modelParameters, parameterCount } from '../../src/compute/models/model-parameters.js';
import { initialLoraWeights } from '../../src/compute/numerics/lora-init.js';
import { DEFAULT_LORA } from '../../src/domain/adapter/lora-spec.js';
import {
  ADAPTER_CONFIG_FILE,
  ADAPTER_WEIGHTS_FILE,
  readPeftAdapter,
  writePeftAdapter,
} from '../../src/formats/peft-adapter.js';
import { parseSafetensors } from '../../src/formats/safetensors.js';

type Shapes = Readonly<Record<string, readonly number[]>>;

/** What transformers and PEFT make of a model of every family: see test/numerics/make-family-fixtures.py. */
interface Fixture {
  readonly tiny: Readonly<Record<string, TinyModel>>;
  readonly published: Readonly<Record<string, { readonly config: object; readonly parameter_count: number }>>;
  readonly classes: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

interface TinyModel {
  readonly config: object;
  readonly parameter_count: number;
  readonly parameters: Shapes;
  readonly all_linear: Shapes;
  readonly all_linear_experts: readonly string[];
  readonly adapter: Shapes;
}

const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/model-families.json', import.meta.url), 'utf8'),
) as Fixture;
const parse = (config: object, name: string, note?: (text: string) => void) =>
  parseModelConfig(config, name, 'torch', note);

describe.each(Object.entries(fixture.tiny))('a model of family %s', (family, expected) => {
  const config = parse(expected.config, family);

  it('has the parameters that transformers saves', () => {
    expect(Object.fromEntries(modelParameters(config))).toEqual(expected.parameters);
    expect(parameterCount(config)).toBe(expected.parameter_count);
  });

  it("has the linears that PEFT's all-linear finds, and the output projection", () => {
    const linears = adapterModules(config).map(({ name, inputs, outputs }) => [name, [outputs, inputs]] as const);
    const head = ['lm_head', [config.vocabSize, config.hiddenSize]];
    expect(Object.fromEntries(linears)).toEqual(Object.fromEntries([...Object.entries(expected.all_linear), head]));
  });

  it('has adapters whose files have the tensors that PEFT saves', () => {
    const lora = { ...DEFAULT_LORA, rank: 2, targetModules: targetsOf(config) };
    const files = writePeftAdapter({ lora, weights: initialLoraWeights(config, lora), baseModelName: family });
    const { tensors } = parseSafetensors(files.get(ADAPTER_WEIGHTS_FILE)!, family);
    expect(Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]))).toEqual(expected.adapter);
    expect(readPeftAdapter(files, config).lora).toEqual(lora);
  });

  it('takes an adapter for all linears, unless there are more of them to PEFT', () => {
    const lora = { ...DEFAULT_LORA, rank: 2, targetModules: layerTargets(config) };
    const weights = initialLoraWeights(config, lora);
    const files = writePeftAdapter({ lora, weights, baseModelName: family });
    const stated = { peft_type: 'LORA', r: 2, lora_alpha: 4, target_modules: 'all-linear' };
    files.set(ADAPTER_CONFIG_FILE, Buffer.from(JSON.stringify(stated)));
    const importing = () => readPeftAdapter(files, config).weights;
    if (expected.all_linear_experts.length === 0) expect(importing()).toEqual(weights);
    else expect(importing).toThrow(/target_modules contain all-linear, which PEFT puts on the experts/);
  });
});

describe('published models of other families', () => {
  it.each(Object.entries(fixture.published))('%s is read, with all its parameters', (name, { config, ...expected }) => {
    const notes: string[] = [];
    expect(parameterCount(parse(config, name, (note) => notes.push(note)))).toBe(expected.parameter_count);
    expect(notes.filter((note) => !note.includes('interpolate_factor') && !note.includes('longrope'))).toEqual([]);
  });

  it.each([
    ['gemma-3-1b-it', 32_768],
    ['Phi-3-mini-4k-instruct', 4096],
    ['Phi-4-mini-instruct', 4096],
    ['SmolLM3-3B', 65_536],
    ['OLMo-2-1124-7B-Instruct', 4096],
    ['Qwen3-30B-A3B', 40_960],
  ])('%s is computed up to %i tokens', (name, contextLength) => {
    expect(parse(fixture.published[name]!.config, name).contextLength).toBe(contextLength);
  });
});

describe.each(Object.entries(fixture.classes).filter(([family]) => !Object.hasOwn(LOCAL_FAMILIES, family)))(
  "the fields of transformers' configuration of %s",
  (family, fields) => {
    const { configuration } = MODEL_FAMILIES[family as keyof typeof MODEL_FAMILIES];
    const harmless = Object.values(HARMLESS_FIELDS).flat();

    it.each(Object.keys(fields))('%s is read, harmless or refused', (field) => {
      const known = [...READ_FIELDS, ...harmless, ...Object.keys(REFUSED_FIELDS), ...(configuration.ownFields ?? [])];
      expect(known).toContain(field);
    });

    it('have the defaults that are assumed for them', () => {
      const assumed: Record<string, unknown> = {
        ...COMMON_DEFAULTS,
        ...configuration.defaults,
        ...configuration.experts,
      };
      const sizes = Object.keys({ ...configuration.defaults, ...configuration.experts });
      for (const field of [
        ...sizes,
        'hidden_size',
        'num_hidden_layers',
        'num_attention_heads',
        'tie_word_embeddings',
      ]) {
        if (Object.hasOwn(fields, field)) expect([field, assumed[field]]).toEqual([field, fields[field]]);
      }
    });

    it('are refused at no default', () => {
      expect(() => parse({ ...fields, model_type: family }, family)).not.toThrow();
    });
  },
);
