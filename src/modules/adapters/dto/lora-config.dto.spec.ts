import { describe, expect, it } from 'vitest';
import { toCreateSpec } from './create-adapter.dto.js';
import { toLoraSpec } from './lora-config.dto.js';

describe('toLoraSpec', () => {
  it("takes PEFT's names", () => {
    expect(toLoraSpec({ r: 8, lora_alpha: 16, lora_dropout: 0.1, use_rslora: true, seed: 3 })).toEqual({
      ...{ rank: 8, alpha: 16, dropout: 0.1, rsLora: true, seed: 3 },
    });
  });

  it('leaves out what is not given, null included', () => {
    const sent = JSON.parse(
      '{"rank": null, "alpha": null, "use_rslora": null, "seed": null, "target_modules": null}',
    ) as object;
    expect(toLoraSpec(sent)).toEqual({});
    expect(toLoraSpec(undefined)).toEqual({});
  });

  it('puts modules in one order', () => {
    expect(toLoraSpec({ target_modules: ['lm_head', 'q_proj'] })).toEqual({ targetModules: ['q_proj', 'lm_head'] });
    expect(toLoraSpec({ target_modules: 'all-linear' }).targetModules).toHaveLength(7);
  });

  it.each([[['all-linear']], ['q_proj'], [[]], [['q_proj', 'q_proj']], [['embed_tokens']]])(
    'refuses the modules %j',
    (target_modules) => {
      expect(() => toLoraSpec({ target_modules })).toThrow(/target_modules/);
    },
  );

  it('takes a setting under both names when they agree', () => {
    expect(toLoraSpec({ rank: 8, r: 8 })).toEqual({ rank: 8 });
    expect(() => toLoraSpec({ rank: 8, r: 4 })).toThrow(/differ/);
  });
});

describe('toCreateSpec', () => {
  it('takes rank and alpha from the top level, too', () => {
    expect(toCreateSpec({ rank: 4, lora_config: { alpha: 8 } })).toEqual({ rank: 4, alpha: 8 });
    expect(() => toCreateSpec({ rank: 4, lora_config: { rank: 8 } })).toThrow(/lora_config.rank and rank differ/);
  });
});
