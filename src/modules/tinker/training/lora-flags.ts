import { type LoraSpec, TARGET_MODULES, type TargetModule } from '../../../domain/adapter/lora-spec.js';

/** The linears of each group that the Tinker API can switch on or off. */
const GROUPS = {
  train_unembed: ['lm_head'],
  train_mlp: ['gate_proj', 'up_proj', 'down_proj'],
  train_attn: ['q_proj', 'k_proj', 'v_proj', 'o_proj'],
} as const satisfies Readonly<Record<string, readonly TargetModule[]>>;

export type TrainFlags = Readonly<Record<keyof typeof GROUPS, boolean>>;

/** In the order of TARGET_MODULES, so that the same flags make the same adapter. */
export function toTargets(flags: TrainFlags): TargetModule[] {
  const isWanted = (target: TargetModule) => GROUP_NAMES.some((name) => flags[name] && has(name, target));
  return TARGET_MODULES.filter(isWanted);
}

/** The flags that make an adapter with these targets; a part of a group does not count. */
export function toTrainFlags({ targetModules }: Pick<LoraSpec, 'targetModules'>): TrainFlags {
  const isWhole = (name: keyof typeof GROUPS) => GROUPS[name].every((target) => targetModules.includes(target));
  return {
    train_unembed: isWhole('train_unembed'),
    train_mlp: isWhole('train_mlp'),
    train_attn: isWhole('train_attn'),
  };
}

const GROUP_NAMES = Object.keys(GROUPS) as (keyof typeof GROUPS)[];

function has(name: keyof typeof GROUPS, target: TargetModule): boolean {
  return (GROUPS[name] as readonly TargetModule[]).includes(target);
}
