import { isMixed, type TargetModule } from '../../../domain/adapter/lora-spec.js';
import { type ModelConfig } from '../../../domain/model/model-config.js';
import { layerTargets, targetsOf } from '../../models/adapter-modules.js';
import { type ProgramVariant } from '../model-runtime.js';
import { type LocalItem } from './pass-part.js';

/**
 * The variant of the program in which these items can run together. If the modules of one adapter hold those of all
 * others, it is that adapter's; else one with a LoRA on every linear serves, so that few programs are compiled however many
 * sets of modules there are.
 */
export function runVariant(items: readonly LocalItem[]): ProgramVariant {
  const [first] = items;
  const variants = items.filter(({ lora }) => lora !== null).map(({ variant }) => variant);
  if (items.length === 1 || variants.length === 0) return first!.variant;
  return {
    ...(variants.find((one) => variants.every((other) => hasAllModules(one, other))) ??
      everyModule(first!.model.config, variants)),
    dropout: variants.some(({ dropout }) => dropout),
    mixed: items.some(({ lora }) => lora !== null && isMixed(lora)),
    slots: true,
  };
}

/** Does the first have a LoRA wherever the other one has? */
export function hasAllModules(one: ProgramVariant, other: ProgramVariant): boolean {
  const isWithout = (module: string) =>
    other.excluded?.includes(module) === true || !other.targets.includes(module.split('.').at(-1) as TargetModule);
  return other.targets.every((target) => one.targets.includes(target)) && (one.excluded ?? []).every(isWithout);
}

function everyModule(config: ModelConfig, variants: readonly ProgramVariant[]): ProgramVariant {
  const onVocabulary = variants.some(({ targets }) => targets.includes('lm_head'));
  return { targets: onVocabulary ? targetsOf(config) : layerTargets(config) };
}
