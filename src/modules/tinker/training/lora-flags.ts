import { type TargetModule } from '../../../domain/adapter/lora-spec.js';
import { partsOf, type TrainedParts } from '../../adapters/index.js';

/** The parts of a model that the Tinker API can switch on or off. */
export interface TrainFlags {
  readonly train_unembed: boolean;
  readonly train_mlp: boolean;
  readonly train_attn: boolean;
}

export function toParts({ train_unembed, train_mlp, train_attn }: TrainFlags): TrainedParts {
  return { attention: train_attn, mlp: train_mlp, outputProjection: train_unembed };
}

/** The flags that make an adapter with these targets; a portion of a part does not count. */
export function toTrainFlags(targets: readonly TargetModule[]): TrainFlags {
  const { attention, mlp, outputProjection } = partsOf(targets);
  return { train_unembed: outputProjection, train_mlp: mlp, train_attn: attention };
}
