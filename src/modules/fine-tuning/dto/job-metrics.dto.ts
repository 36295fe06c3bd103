import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { PageSize } from '../../../common/pages/page.decorators.js';
import { AcceptsUnknownFields } from '../../../common/http/validation/accepts-unknown-fields.js';
import { JOB_STATUSES } from '../job-states.js';

/** Metrics of a step or an epoch; those of DPO have more, under TRL's names. */
export class JobMetricsRowDto {
  /** Number of the row, ascending; the position for `after` and Last-Event-ID. */
  @ApiProperty({ example: 120 })
  id!: number;

  /** Seconds since 1970. */
  @ApiProperty({ example: 1795910400 })
  created_at!: number;

  /** Whether the row describes a step or an epoch. */
  @ApiProperty({ enum: ['step', 'epoch'], example: 'step' })
  kind!: string;

  /** Number of the step, or of the last step of the epoch. */
  @ApiProperty({ example: 12 })
  step!: number;

  /** Steps of the whole job. */
  @ApiProperty({ example: 300 })
  total_steps!: number;

  /** Number of the epoch, counted from 1. */
  @ApiProperty({ example: 1 })
  epoch!: number;

  /** Loss of the step's batch, or its mean over the epoch. */
  @ApiProperty({ example: 1.2041 })
  train_loss?: number;

  /** Loss over all validation rows; epochs only. */
  @ApiProperty({ example: 1.31 })
  valid_loss?: number;

  /** The value of `valid_loss`, under the name that checkpoints use; epochs only. */
  @ApiProperty({ example: 1.31 })
  full_valid_loss?: number;

  /** Learning rate of the step; steps only. */
  @ApiProperty({ example: 0.0005 })
  learning_rate?: number;

  /** Norm of the gradient before the cap; steps only. */
  @ApiProperty({ example: 0.7 })
  grad_norm?: number;

  /** Tokens of the batch; steps only. */
  @ApiProperty({ example: 180 })
  tokens?: number;
}

/** Data of the events `status` and `done` of a stream. */
export class JobStatusEventDto {
  /** State of the job. */
  @ApiProperty({ enum: JOB_STATUSES, example: 'running' })
  status!: string;
}

export class JobMetricsDto {
  /** Kind of the object. */
  @ApiProperty({ enum: ['list'], example: 'list' })
  object!: 'list';

  /** Oldest first. */
  @ApiProperty({ type: [JobMetricsRowDto] })
  data!: JobMetricsRowDto[];

  /** Whether more rows follow. */
  @ApiProperty({ example: false })
  has_more!: boolean;
}

@AcceptsUnknownFields()
export class ListJobMetricsDto {
  /** Id of the last row already read. */
  @ApiProperty({ default: 0, minimum: 0, example: 0 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  after?: number;

  /** Maximum number of rows of a JSON answer; CSV contains all rows. */
  @ApiProperty({ default: 1000, example: 1000 })
  @PageSize(10_000)
  limit?: number;
}
