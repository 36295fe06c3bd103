import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Max, Min } from 'class-validator';

export const DEFAULT_SERIES_POINTS = 500;

export class ReadSeriesDto {
  /**
   * Maximum number of points. If there are more steps, every n-th and the last one are returned.
   * @example 500
   */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(5000)
  points?: number = DEFAULT_SERIES_POINTS;

  /**
   * Only from this step on.
   * @example 0
   */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  from_step?: number;

  /**
   * Only up to this step.
   * @example 1000
   */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  to_step?: number;
}

export class TrainingSeriesDto {
  /**
   * Name of the adapter.
   * @example my-model
   */
  model_id!: string;

  /** The loss function of the newest point, `name@version` for a formula loss; null if there is none. */
  @ApiProperty({ type: String, nullable: true, example: 'cross_entropy' })
  loss_fn!: string | null;

  /**
   * Number of steps in the requested range.
   * @example 1200
   */
  total_steps!: number;

  /**
   * Number of steps from one point to the next.
   * @example 3
   */
  every!: number;

  /** Optimiser steps of the adapter, one per point, oldest first. */
  @ApiProperty({ type: [Number], example: [1, 2] })
  steps!: number[];

  /** When each step was completed. */
  @ApiProperty({ type: [String], example: ['2026-11-23T10:15:30.900Z', '2026-11-23T10:15:32.100Z'] })
  finished_at!: string[];

  /**
   * By name of the metric, a number or null for each point. `loss` and counts are sums over the passes that the step
   * applied, `loss_per_token` is the loss per token, and all others are means. `sampler_trainer_kl` measures how far the
   * log-probs have drifted from those of the sampler, for losses that receive these.
   */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'array', items: { type: 'number', nullable: true } },
    example: { loss_per_token: [1.2, 0.9], grad_norm: [0.8, 0.7] },
  })
  series!: Record<string, (number | null)[]>;
}
