import { describe, expect, it } from 'vitest';
import { readLoraSpec } from './lora-spec.reader.js';
import { readNewAdapter } from './new-adapter.reader.js';

describe('readLoraSpec', () => {
  it("takes PEFT's names", () => {
    expect(readLoraSpec({ r: 8, lora_alpha: 16, lora_dropout: 0.1, use_rslora: true, seed: 3 })).toEqual({
      rank: 8,
      alpha: 16,
      dropout: 0.1,
      rsLora: true,
      seed: 3,
    });
  });

  it('leaves out what is not given, null included', () => {
    const sent = JSON.parse(
      '{"rank": null, "alpha": null, "use_rslora": null, "seed": null, "target_modules": null}',
    ) as object;
    expect(readLoraSpec(sent)).toEqual({});
    expect(readLoraSpec(undefined)).toEqual({});
  });

  it('puts modules in one order', () => {
    expect(readLoraSpec({ target_modules: ['lm_head', 'q_proj'] })).toEqual({ targetModules: ['q_proj', 'lm_head'] });
    expect(readLoraSpec({ target_modules: 'all-linear' })).toEqual({ targetModules: 'all-linear' });
  });

  it.each([[['all-linear']], ['q_proj'], [[]], [['q_proj', 'q_proj']], [['embed_tokens']]])(
    'refuses the modules %j',
    (target_modules) => {
      expect(() => readLoraSpec({ target_modules })).toThrow(/target_modules/);
    },
  );

  it('takes a setting under both names when they agree', () => {
    expect(readLoraSpec({ rank: 8, r: 8 })).toEqual({ rank: 8 });
    expect(() => readLoraSpec({ rank: 8, r: 4 })).toThrow(/differ/);
  });
});

describe('readNewAdapter', () => {
  it('takes rank and alpha from the top level, too', () => {
    expect(readNewAdapter({ rank: 4, lora_config: { alpha: 8 } })).toEqual({ lora: { rank: 4, alpha: 8 } });
    expect(() => readNewAdapter({ rank: 4, lora_config: { rank: 8 } })).toThrow(/lora_config.rank and rank differ/);
  });

  it('leaves the name and the base model to the service where they are null', () => {
    const sent = JSON.parse('{"model_id": null, "base_model": null, "lora_config": null}') as object;
    expect(readNewAdapter(sent)).toEqual({ lora: {} });
    expect(readNewAdapter({ model_id: 'a', base_model: 'b' })).toEqual({ modelId: 'a', baseModel: 'b', lora: {} });
  });
});
