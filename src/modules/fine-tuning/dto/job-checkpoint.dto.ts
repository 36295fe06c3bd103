import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, Matches } from 'class-validator';
import { PageSize } from '../../../common/pages/page.decorators.js';
import { AcceptsUnknownFields } from '../../../common/http/validation/accepts-unknown-fields.js';

const ID = 'ftckpt-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC-3';

export class JobCheckpointMetricsDto {
  /** Number of the last step before the checkpoint. */
  @ApiProperty({ example: 300 })
  step?: number;

  /** Mean loss of the epoch's steps. */
  @ApiProperty({ example: 0.8 })
  train_loss?: number;

  /** Loss over all validation rows, if there are any. */
  @ApiProperty({ example: 0.9 })
  valid_loss?: number;

  /** Loss over all validation rows, if there are any, under the name that OpenAI's clients read. */
  @ApiProperty({ example: 0.9 })
  full_valid_loss?: number;
}

export class JobCheckpointDto {
  /** Id of the checkpoint. */
  @ApiProperty({ example: ID })
  id!: string;

  /** Kind of the object. */
  @ApiProperty({ enum: ['fine_tuning.job.checkpoint'], example: 'fine_tuning.job.checkpoint' })
  object!: 'fine_tuning.job.checkpoint';

  /** Seconds since 1970. */
  @ApiProperty({ example: 1795910400 })
  created_at!: number;

  /** Model name for sampling from the checkpoint. */
  @ApiProperty({ example: 'tinker://ft:tiny-chat:support:3y5q0w4v7m/sampler_weights/epoch-3' })
  fine_tuned_model_checkpoint!: string;

  /** Id of the job. */
  @ApiProperty({ example: 'ftjob-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC' })
  fine_tuning_job_id!: string;

  /** Metrics of the epoch; for DPO also the rewards over the validation rows. */
  @ApiProperty({ type: JobCheckpointMetricsDto })
  metrics!: Readonly<Record<string, number>>;

  /** Number of the last step before the checkpoint. */
  @ApiProperty({ example: 300 })
  step_number!: number;
}

export class JobCheckpointListDto {
  /** Kind of the object. */
  @ApiProperty({ enum: ['list'], example: 'list' })
  object!: 'list';

  /** Newest first. */
  @ApiProperty({ type: [JobCheckpointDto] })
  data!: JobCheckpointDto[];

  /** Id of the first checkpoint of the page; null if it is empty. */
  @ApiProperty({ type: String, nullable: true, example: ID })
  first_id!: string | null;

  /** Id of the last checkpoint of the page, for `after`; null if it is empty. */
  @ApiProperty({ type: String, nullable: true, example: ID })
  last_id!: string | null;

  /** Whether more follow. */
  @ApiProperty({ example: false })
  has_more!: boolean;
}

@AcceptsUnknownFields()
export class ListJobCheckpointsDto {
  /** Id of the last checkpoint of the previous page. */
  @ApiProperty({ example: ID, pattern: '^ftckpt-[0-9A-Za-z]{1,40}-[0-9]{1,5}$' })
  @IsOptional()
  @Matches(/^ftckpt-[0-9A-Za-z]{1,40}-[0-9]{1,5}$/, { message: '$property must be the id of a checkpoint' })
  after?: string;

  /** Checkpoints per page. */
  @ApiProperty({ default: 10, example: 10 })
  @PageSize(100)
  limit?: number;
}
