import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsString } from 'class-validator';
import { checkCheckpointName, type CheckpointPath } from '../checkpoint-path.js';

/** A checkpoint in a route: /adapters/{model_id}/checkpoints/{kind}/{name}. */
export class CheckpointParamsDto {
  /**
   * Name of the adapter.
   * @example my-model
   */
  @IsString()
  model_id!: string;

  /** What was saved: a training checkpoint or a sampler snapshot. */
  @ApiProperty({ enum: ['weights', 'sampler_weights'], example: 'weights' })
  @IsIn(['weights', 'sampler_weights'])
  kind!: 'weights' | 'sampler_weights';

  /**
   * Name of the checkpoint.
   * @example step-10
   */
  @IsString()
  name!: string;

  toPath(): CheckpointPath {
    const kind = this.kind === 'weights' ? 'training' : 'sampler';
    return { modelId: this.model_id, kind, name: checkCheckpointName(this.name, 'name') };
  }
}
