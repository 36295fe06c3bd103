import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { AcceptsUnknownFields } from '../../../common/http/validation/accepts-unknown-fields.js';
import { JOB_STATUSES } from '../job-states.js';

/** Metrics of a step or an epoch; those of DPO have more, under TRL's names. */
export class JobMetricsRowDto {
  /** Grows from row to row: `after`, or Last-Event-ID, goes on behind it. */
  @ApiProperty({ example: 120 })
  id!: number;

  /** Seconds since 1970. */
  @ApiProperty({ example: 1795910400 })
  created_at!: number;

  /** What was measured. */
  @ApiProperty({ enum: ['step', 'epoch'], example: 'step' })
  kind!: string;

  /** Steps up to it. */
  @ApiProperty({ example: 12 })
  step!: number;

  /** Steps of the whole job. */
  @ApiProperty({ example: 300 })
  total_steps!: number;

  /** From 1. */
  @ApiProperty({ example: 1 })
  epoch!: number;

  /** Loss of the step's batch, or mean over the epoch's. */
  @ApiProperty({ example: 1.2041 })
  train_loss?: number;

  /** Of an epoch: loss over all rows for validation. */
  @ApiProperty({ example: 1.31 })
  valid_loss?: number;

  /** Of an epoch: the same, under the name that checkpoints have for it. */
  @ApiProperty({ example: 1.31 })
  full_valid_loss?: number;

  /** Of a step. */
  @ApiProperty({ example: 0.0005 })
  learning_rate?: number;

  /** Of a step: norm of the gradient, before the cap. */
  @ApiProperty({ example: 0.7 })
  grad_norm?: number;

  /** Of a step: tokens of the batch. */
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

  /** Whether more are there. */
  @ApiProperty({ example: false })
  has_more!: boolean;
}

@AcceptsUnknownFields()
export class ListJobMetricsDto {
  /** Id of the last row that you have. */
  @ApiProperty({ default: 0, minimum: 0, example: 0 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  after?: number;

  /** Rows of a JSON answer; CSV has all of them. */
  @ApiProperty({ default: 1000, minimum: 1, maximum: 10_000, example: 1000 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(10_000)
  limit?: number;
}
