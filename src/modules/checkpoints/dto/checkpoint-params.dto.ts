import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsString } from 'class-validator';
import { CHECKPOINT_SEGMENTS, type CheckpointPath, kindOf } from '../../../domain/checkpoint-path.js';
import { checkCheckpointName } from '../checkpoint-path.js';

/** A checkpoint in a route: /adapters/{model_id}/checkpoints/{kind}/{name}. */
export class CheckpointParamsDto {
  /**
   * Name of the adapter.
   * @example my-model
   */
  @IsString()
  model_id!: string;

  /** What was saved: a training checkpoint, sampler weights, or files for other programs. */
  @ApiProperty({ enum: CHECKPOINT_SEGMENTS, example: 'weights' })
  @IsIn(CHECKPOINT_SEGMENTS)
  kind!: string;

  /**
   * Name of the checkpoint.
   * @example step-10
   */
  @IsString()
  name!: string;

  toPath(): CheckpointPath {
    const kind = kindOf(this.kind) ?? 'training';
    return { modelId: this.model_id, kind, name: checkCheckpointName(this.name, 'name') };
  }
}
