import { type BaseModel } from '../../base-models/base-model.js';
import { InvalidRequestError } from '../../common/errors/request.errors.js';
import { layerTargets, targetsOf } from '../../compute/models/adapter-modules.js';
import { DEFAULT_LORA, type LoraSpec, type TargetModule } from '../../domain/adapter/lora-spec.js';

/** Which linears a request wants a LoRA on, in its own words: what that is follows from the base model. */
export type TargetSelection = readonly TargetModule[] | typeof ALL_LINEAR | TrainedParts;

/** PEFT's shorthand for every linear of the decoder layers. */
export const ALL_LINEAR = 'all-linear';

/** Parts of a model, each of which is trained as a whole. */
export type TrainedParts = Readonly<Record<ModelPart, boolean>>;
export type ModelPart = 'attention' | 'mlp' | 'outputProjection';

/** An adapter's shape as a request wants it: with the selection, and what is left out gets its default. */
export type WantedLora = Partial<Omit<LoraSpec, 'targetModules'>> & { readonly targetModules?: TargetSelection };

/** The linears of each part: the first list of which a model has all. */
const PARTS: Readonly<Record<ModelPart, readonly (readonly TargetModule[])[]>> = {
  attention: [
    ['q_proj', 'k_proj', 'v_proj', 'o_proj'],
    ['qkv_proj', 'o_proj'],
  ],
  mlp: [
    ['gate_proj', 'up_proj', 'down_proj'],
    ['gate_up_proj', 'down_proj'],
  ],
  outputProjection: [['lm_head']],
};

/** Those that the base model has, in the order of TARGET_MODULES. @throws InvalidRequestError that names what it has */
export function resolveTargets(
  selection: TargetSelection | undefined,
  { name, config }: Pick<BaseModel, 'name' | 'config'>,
  field = 'lora_config.target_modules',
): readonly TargetModule[] {
  const present = targetsOf(config);
  if (selection === undefined) return defaultTargets(present);
  if (selection === ALL_LINEAR) {
    if (config.expertCount !== undefined) throw refuseAllLinear(field, name, present);
    return layerTargets(config);
  }
  if (isParts(selection)) {
    const parts = PART_NAMES.filter((part) => selection[part]);
    const wanted = parts.map((part) => linearsOf(part, present));
    if (wanted.includes(undefined)) throw refuseExperts(name);
    return present.filter((target) => wanted.some((linears) => linears?.includes(target)));
  }
  const missing = selection.find((target) => !present.includes(target));
  if (missing === undefined) return selection;
  throw refuseMissing(field, missing, { name, config }, present);
}

/** The parts that these targets train as a whole. */
export function partsOf(targets: readonly TargetModule[]): TrainedParts {
  const isWhole = (part: ModelPart) => linearsOf(part, targets) !== undefined;
  return { attention: isWhole('attention'), mlp: isWhole('mlp'), outputProjection: isWhole('outputProjection') };
}

const PART_NAMES = Object.keys(PARTS) as ModelPart[];

/** PEFT's defaults: the query and value projections, in one linear or in two. */
function defaultTargets(present: readonly TargetModule[]): readonly TargetModule[] {
  return present.includes('qkv_proj') ? ['qkv_proj'] : DEFAULT_LORA.targetModules;
}

function linearsOf(part: ModelPart, present: readonly TargetModule[]): readonly TargetModule[] | undefined {
  return PARTS[part].find((linears) => linears.every((linear) => present.includes(linear)));
}

function isParts(selection: TargetSelection): selection is TrainedParts {
  return typeof selection === 'object' && !Array.isArray(selection);
}

function refuseMissing(
  field: string,
  target: TargetModule,
  { name, config }: Pick<BaseModel, 'name' | 'config'>,
  present: readonly TargetModule[],
): InvalidRequestError {
  const experts = config.expertCount === undefined ? '' : ' (LoRA on experts is not supported)';
  const remedy = `Use some of ${present.join(', ')}.`;
  const message = `${field} names '${target}', but base model '${name}' has no such linear${experts}. ${remedy}`;
  return new InvalidRequestError(message, { field, remedy });
}

/** To PEFT, the experts and their router are among all linears. */
function refuseAllLinear(field: string, name: string, present: readonly TargetModule[]): InvalidRequestError {
  const remedy = `Name them: ${present.join(', ')}.`;
  const message = `${field} is "${ALL_LINEAR}", but base model '${name}' is a mixture of experts, which carry no LoRA. ${remedy}`;
  return new InvalidRequestError(message, { field, remedy });
}

/** Only a mixture of experts lacks a part: its MLPs, whose experts are no linears. */
function refuseExperts(name: string): InvalidRequestError {
  const remedy = 'Set train_mlp to false.';
  const message = `lora_config trains the MLP, but that of base model '${name}' is a mixture of experts, which carry no LoRA. ${remedy}`;
  return new InvalidRequestError(message, { field: 'lora_config', remedy });
}
