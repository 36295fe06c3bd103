import { loraRank, type LoraSpec, TARGET_MODULES, type TargetModule } from '../../domain/adapter/lora-spec.js';
import { modelParameters } from './model-parameters.js';
import { type TransformerConfig } from '../../domain/model/transformer-config.js';

/** A linear of a base model that can carry a LoRA. */
export interface AdapterModule {
  /** As in PEFT: `model.layers.0.self_attn.q_proj`. */
  readonly name: string;
  readonly target: TargetModule;
  readonly inputs: number;
  readonly outputs: number;
}

/** All linears that can carry a LoRA, layer by layer, the output projection last. */
export function adapterModules(config: TransformerConfig): AdapterModule[] {
  const modules: AdapterModule[] = [];
  // A tied output projection is still a module of its own to PEFT.
  for (const [parameter, shape] of modelParameters({ ...config, tiedEmbeddings: false })) {
    const name = parameter.replace(/\.weight$/, '');
    const target = TARGET_MODULES.find((known) => known === name.split('.').at(-1));
    const [outputs, inputs] = shape;
    if (target !== undefined && name !== parameter && outputs !== undefined && inputs !== undefined) {
      modules.push({ name, target, inputs, outputs });
    }
  }
  return modules;
}

type LoraShape = Pick<LoraSpec, 'rank' | 'targetModules' | 'rankPattern' | 'excludedModules'>;

/** Shape of every tensor of an adapter by PEFT's name, in order: A is [rank, inputs], B is [outputs, rank]. */
export function loraShapes(config: TransformerConfig, spec: LoraShape): Map<string, readonly [number, number]> {
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
export function loraParameterCount(config: TransformerConfig, spec: LoraShape): number {
  let count = 0;
  for (const [rows, columns] of loraShapes(config, spec).values()) count += rows * columns;
  return count;
}
