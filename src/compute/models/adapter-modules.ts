import { loraRank, type LoraSpec, TARGET_MODULES, type TargetModule } from '../../domain/adapter/lora-spec.js';
import { type ModelConfig } from '../../domain/model/model-config.js';
import { modelParameters } from './model-parameters.js';

/** A linear of a base model that can carry a LoRA. */
export interface AdapterModule {
  /** As in PEFT: `model.layers.0.self_attn.q_proj`. */
  readonly name: string;
  readonly target: TargetModule;
  readonly inputs: number;
  readonly outputs: number;
}

/** In transformers, the experts of a layer are stacked into one parameter; they are no linears, to PEFT neither. */
const EXPERT = /\.experts\./;

const known = new WeakMap<ModelConfig, readonly AdapterModule[]>();

/** All linears that can carry a LoRA, layer by layer, the output projection last. */
export function adapterModules(config: ModelConfig): readonly AdapterModule[] {
  const modules = known.get(config) ?? listModules(config);
  known.set(config, modules);
  return modules;
}

function listModules(config: ModelConfig): AdapterModule[] {
  const modules: AdapterModule[] = [];
  // A tied output projection is still a module of its own to PEFT.
  for (const [parameter, shape] of modelParameters({ ...config, tiedEmbeddings: false })) {
    const name = parameter.replace(/\.weight$/, '');
    const target = TARGET_MODULES.find((one) => one === name.split('.').at(-1));
    const [outputs, inputs] = shape;
    if (target === undefined || name === parameter || EXPERT.test(name)) continue;
    if (outputs !== undefined && inputs !== undefined) modules.push({ name, target, inputs, outputs });
  }
  return modules;
}

/** The kinds of linears that can carry a LoRA in this model, in the order of TARGET_MODULES. */
export function targetsOf(config: ModelConfig): readonly TargetModule[] {
  const present = new Set(adapterModules({ ...config, layerCount: 1 }).map(({ target }) => target));
  return TARGET_MODULES.filter((target) => present.has(target));
}

/** Those of the decoder layers, which PEFT calls `all-linear`. */
export function layerTargets(config: ModelConfig): readonly TargetModule[] {
  return targetsOf(config).filter((target) => target !== 'lm_head');
}

type LoraShape = Pick<LoraSpec, 'rank' | 'targetModules' | 'rankPattern' | 'excludedModules'>;

/** Shape of every tensor of an adapter by PEFT's name, in order: A is [rank, inputs], B is [outputs, rank]. */
export function loraShapes(config: ModelConfig, spec: LoraShape): Map<string, readonly [number, number]> {
  const excluded = new Set(spec.excludedModules);
  return new Map(
    adapterModules(config)
      .filter(({ name, target }) => spec.targetModules.includes(target) && !excluded.has(name))
      .flatMap(({ name, inputs, outputs }): [string, readonly [number, number]][] => [
        [`${name}.lora_A.weight`, [loraRank(spec, name), inputs]],
        [`${name}.lora_B.weight`, [outputs, loraRank(spec, name)]],
      ]),
  );
}

/** Numbers in the A and B matrices of an adapter. */
export function loraParameterCount(config: ModelConfig, spec: LoraShape): number {
  let count = 0;
  for (const [rows, columns] of loraShapes(config, spec).values()) count += rows * columns;
  return count;
}
