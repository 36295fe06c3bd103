import { type AdapterModule } from '../compute/models/adapter-modules.js';
import { shortened } from '../common/shortened.js';
import { type LoraSpec, TARGET_MODULES } from '../domain/adapter/lora-spec.js';
import { AdapterMismatchError, UnsupportedAdapterError } from './format.errors.js';
import { type PeftConfig } from './peft-config.js';
import { endMatch, firstGroup, fullMatch, type Pattern } from './python-pattern.js';

/*
 * Which linears of a base model a PEFT adapter is on, as PEFT's check_target_module_exists and get_pattern_key find
 * them (peft 0.21.2, tuners/tuners_utils.py and utils/other.py), and how that is written down here.
 */

/** What a LoraSpec says of the modules. */
export type Placement = Pick<LoraSpec, 'targetModules' | 'rankPattern' | 'alphaPattern' | 'excludedModules'>;

/**
 * The modules that carry a LoRA, in the order of the model. A regular expression that is not run here leaves the answer
 * to the tensors of the file.
 */
export function adaptedModules(
  peft: PeftConfig,
  modules: readonly AdapterModule[],
  tensors: ReadonlyMap<string, unknown>,
): readonly AdapterModule[] {
  const [isTarget, isExcluded] = [targetRule(peft), exclusionRule(peft)];
  if (isTarget === null || isExcluded === null) {
    const present = modules.filter(({ name }) => tensors.has(`${name}.lora_A.weight`));
    if (present.length > 0) return present;
    throw new AdapterMismatchError('It has no lora_A matrix for any linear layer of the base model.');
  }
  const adapted = modules.filter((module) => !isExcluded(module.name) && isTarget(module));
  if (adapted.length > 0) return adapted;
  const stated = typeof peft.targets === 'string' ? peft.targets : peft.targets.join(', ');
  throw new AdapterMismatchError(
    `None of its target_modules (${shortened(stated, 200)}) is a linear layer of the base model.`,
  );
}

/** The same as a LoraSpec has it, with the ranks and alphas that differ. @throws UnsupportedAdapterError */
export function placementOf(
  peft: PeftConfig,
  adapted: readonly AdapterModule[],
  modules: readonly AdapterModule[],
): Placement {
  const targetModules = TARGET_MODULES.filter((target) => adapted.some((module) => module.target === target));
  const excludedModules = modules
    .filter((module) => targetModules.includes(module.target) && !adapted.includes(module))
    .map(({ name }) => name);
  const rankPattern = resolved('rank_pattern', peft.rankPattern, adapted, peft.rank);
  const alphaPattern = resolved('alpha_pattern', peft.alphaPattern, adapted, peft.alpha);
  return {
    targetModules,
    ...(rankPattern && { rankPattern }),
    ...(alphaPattern && { alphaPattern }),
    ...(excludedModules.length > 0 && { excludedModules }),
  };
}

/** The values of modules that have another than the common one; the first pattern that matches counts. */
function resolved(
  key: string,
  pattern: PeftConfig['rankPattern'],
  adapted: readonly AdapterModule[],
  common: number,
): Record<string, number> | null {
  const rules = Object.entries(pattern).map(([text, value]): [Pattern, number] => {
    const matches = endMatch(text);
    if (matches !== null) return [matches, value];
    const problem = `${key} has '${text.slice(0, 80)}', which uses an unsupported construct`;
    throw new UnsupportedAdapterError(`${problem} (look-around, back-references).`, { field: key });
  });
  const own = adapted
    .map(({ name }) => [name, rules.find(([matches]) => matches(name))?.[1] ?? common] as const)
    .filter(([, value]) => value !== common);
  return own.length > 0 ? Object.fromEntries(own) : null;
}

function targetRule({ targets, ...layers }: PeftConfig): ((module: AdapterModule) => boolean) | null {
  if (typeof targets === 'string') {
    if (targets.toLowerCase() === 'all-linear') {
      return ({ target }) => target !== 'lm_head';
    }
    const matches = fullMatch(targets);
    return matches && (({ name }) => matches(name));
  }
  refuseEmbedding(targets);
  const entries = new Set(targets);
  const inLayers = layerRule(layers);
  return ({ name }) => entries.has(name) || (innerEndsOf(name).some((end) => entries.has(end)) && inLayers(name));
}

function exclusionRule({ excluded }: PeftConfig): Pattern | null {
  if (typeof excluded === 'string') return fullMatch(excluded);
  const entries = new Set(excluded);
  return (name) => entries.has(name) || innerEndsOf(name).some((end) => entries.has(end));
}

/** layers_to_transform, with the number that stands behind one of layers_pattern, or behind any name. */
function layerRule({ layers, layersPattern }: Pick<PeftConfig, 'layers' | 'layersPattern'>): Pattern {
  if (layers === null) return () => true;
  const names = layersPattern.length === 0 ? ['[^.]*'] : layersPattern;
  const start = layersPattern.length === 0 ? '.*?\\.' : '(?:^|.*?\\.)';
  if (names.some((name) => fullMatch(name) === null)) {
    const problem = `layers_pattern uses an unsupported construct (lookaround or back-references).`;
    throw new UnsupportedAdapterError(problem, { field: 'layers_pattern' });
  }
  return (name) => {
    // The lazy start finds the first number, as PEFT does: the layer's.
    const index = names
      .map((layer) => firstGroup(`${start}${layer}\\.(\\d+)\\.`, name))
      .find((found) => found !== null);
    return index !== undefined && layers.includes(Number(index));
  };
}

/** What PEFT (peft 0.21, utils/transformers_weight_conversion.py) puts on the stacked experts and the router of a mixture. */
const EXPERT_TARGETS = ['gate_proj', 'up_proj', 'gate_up_proj', 'down_proj', 'gate', 'experts'];

/** For a mixture of experts. @throws UnsupportedAdapterError when the adapter is on them, whatever else it is on */
export function refuseExperts({ targets }: PeftConfig): void {
  const named =
    typeof targets === 'string'
      ? targets.toLowerCase() === 'all-linear' && targets
      : targets.find((entry) => EXPERT_TARGETS.includes(entry.split('.').at(-1)!));
  if (named === undefined || named === false) return;
  throw new UnsupportedAdapterError(
    `Its target_modules contain ${named}, which PEFT puts on the experts of a mixture; only its attention can carry a LoRA.`,
    { field: 'target_modules' },
  );
}

function refuseEmbedding(targets: readonly string[]): void {
  const embedding = targets.find((entry) => entry === 'embed_tokens' || entry.endsWith('.embed_tokens'));
  if (embedding === undefined) return;
  throw new UnsupportedAdapterError(`It targets ${embedding}; LoRA on the embedding is not supported.`);
}

/** 'a.b.c' -> ['b.c', 'c']. */
function innerEndsOf(name: string): string[] {
  const parts = name.split('.');
  return parts.slice(1).map((_, i) => parts.slice(i + 1).join('.'));
}
