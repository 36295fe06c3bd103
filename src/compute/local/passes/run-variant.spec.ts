import { describe, expect, it } from 'vitest';
import { FAKE_MODEL } from '../../../../test/support/fake-backend/fake-backend.js';
import { integers } from '../../../../test/support/models/ragged-builders.js';
import { DEFAULT_LORA, type LoraSpec, type TargetModule } from '../../../domain/adapter/lora-spec.js';
import { layerTargets, targetsOf } from '../../models/adapter-modules.js';
import { type ModelRuntime } from '../model-runtime.js';
import { LocalItem } from './pass-part.js';
import { hasAllModules, runVariant } from './run-variant.js';

const runtime = { name: 'm', config: FAKE_MODEL.config } as ModelRuntime;
const Q = 'model.layers.0.self_attn.q_proj';

function item(lora: Partial<LoraSpec> | null): LocalItem {
  const tokens = integers([1, 2]);
  const adapter = lora && { lora: { ...DEFAULT_LORA, ...lora }, weights: new Map(), feeds: [], passes: 0 };
  const weights = { kind: 'base', baseModel: 'm' } as const;
  return new LocalItem(
    { weights, train: lora !== null, tokens, targets: tokens, scored: Uint8Array.of(1, 1) },
    { runtime, adapter },
    2 ** 30,
  );
}

const targets = (...targetModules: TargetModule[]) => ({ targetModules });

describe('runVariant', () => {
  it('is that of an item alone, and of the base model without slots', () => {
    const alone = item(targets('o_proj'));
    expect(runVariant([alone])).toBe(alone.variant);
    expect(runVariant([item(null), item(null)])).toEqual({ targets: [], dropout: false });
  });

  it('is that of the adapter which has the modules of all others', () => {
    const items = [item(targets('q_proj')), item(null), item(targets('q_proj', 'up_proj')), item(targets('up_proj'))];
    expect(runVariant(items)).toMatchObject({ targets: ['q_proj', 'up_proj'], slots: true });
  });

  it('has a LoRA everywhere where none has all modules, on the vocabulary only where one needs it', () => {
    const items = [item(targets('q_proj')), item(targets('up_proj'))];
    expect(runVariant(items).targets).toEqual(layerTargets(FAKE_MODEL.config));
    expect(runVariant([...items, item(targets('lm_head'))]).targets).toEqual(targetsOf(FAKE_MODEL.config));
  });

  it('drops out and has scales of modules where one of them needs it', () => {
    expect(runVariant([item({}), item({})])).toMatchObject({ dropout: false, mixed: false });
    expect(runVariant([item({}), item({ dropout: 0.1 })])).toMatchObject({ dropout: true, mixed: false });
    expect(runVariant([item({}), item({ alphaPattern: { [Q]: 3 } })])).toMatchObject({ dropout: false, mixed: true });
  });
});

describe('hasAllModules', () => {
  it('minds the modules that are excluded', () => {
    const whole = { targets: ['q_proj', 'v_proj'] as const };
    const part = { ...whole, excluded: [Q] };
    expect(hasAllModules(whole, part)).toBe(true);
    expect(hasAllModules(part, whole)).toBe(false);
    expect(hasAllModules(part, part)).toBe(true);
    expect(hasAllModules(part, { targets: ['v_proj'] })).toBe(true);
  });
});
