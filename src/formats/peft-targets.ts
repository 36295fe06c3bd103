import { type AdapterModule } from '../domain/adapter-modules.js';
import { LAYER_TARGETS, TARGET_MODULES, type TargetModule } from '../domain/lora-spec.js';
import { AdapterMismatchError, UnsupportedAdapterError } from './format.errors.js';

/**
 * Which linears of a base model an adapter's target_modules mean. PEFT matches a list's entries against whole module
 * names or their ends; an adapter here targets a kind of linear in every layer or in none.
 */

/** The targets that the config states; null where it states a regular expression, which is never run here. */
export function statedTargets(
  stated: readonly string[] | string,
  modules: readonly AdapterModule[],
): readonly TargetModule[] | null {
  if (typeof stated === 'string') return stated.toLowerCase() === 'all-linear' ? LAYER_TARGETS : null;
  const embedding = stated.find((entry) => entry === 'embed_tokens' || entry.endsWith('.embed_tokens'));
  if (embedding !== undefined) {
    throw new UnsupportedAdapterError(`It targets ${embedding}; a LoRA on the embedding is not supported.`);
  }
  const entries = new Set(stated);
  const matched = modules.filter(({ name }) => endsOf(name).some((end) => entries.has(end)));
  if (matched.length === 0) {
    throw new AdapterMismatchError(`None of its target_modules (${stated.join(', ')}) is a linear of the base model.`);
  }
  return wholeTargets(matched, modules);
}

/** The targets that the file's tensors belong to. */
export function targetsWithTensors(
  modules: readonly AdapterModule[],
  tensors: ReadonlyMap<string, unknown>,
): readonly TargetModule[] {
  const present = modules.filter(({ name }) => tensors.has(`${name}.lora_A.weight`));
  if (present.length > 0) return wholeTargets(present, modules);
  throw new AdapterMismatchError('It has no lora_A matrix for any linear of the base model.');
}

function wholeTargets(matched: readonly AdapterModule[], modules: readonly AdapterModule[]): readonly TargetModule[] {
  return TARGET_MODULES.filter((target) => {
    const count = (list: readonly AdapterModule[]) => list.filter((module) => module.target === target).length;
    const [some, all] = [count(matched), count(modules)];
    if (some === 0 || some === all) return some > 0;
    throw new UnsupportedAdapterError(
      `It targets ${target} in ${some} of ${all} layers; an adapter must target it in every layer or in none.`,
    );
  });
}

/** 'a.b.c' -> ['a.b.c', 'b.c', 'c']. */
function endsOf(name: string): string[] {
  const parts = name.split('.');
  return parts.map((_, i) => parts.slice(i).join('.'));
}
