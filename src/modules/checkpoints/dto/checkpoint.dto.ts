import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsInt, IsOptional, IsString, Max, Min } from 'class-validator';
import { type CheckpointEntity } from '../entities/checkpoint.entity.js';
import { CHECKPOINT_SEGMENTS, formatCheckpointPath, segmentOf } from '../../../domain/checkpoint-path.js';

/** Ten years: enough to tell a slip from a wish. */
const MAX_TTL_S = 315_360_000;

export class SaveForSamplerDto {
  /**
   * Name of the adapter.
   * @example my-model
   */
  @IsString()
  model_id!: string;

  /** Name of the checkpoint. Default for sampler weights: generated. */
  @ApiProperty({ example: 'step-10' })
  @IsOptional()
  @IsString()
  name?: string;

  /** Tinker's name for name. */
  @ApiProperty({ example: 'step-10' })
  @IsOptional()
  @IsString()
  path?: string;

  /** Seconds until the checkpoint is deleted. Default: never. */
  @ApiProperty({ minimum: 1, example: 86400 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_TTL_S)
  ttl_seconds?: number;

  /** Your number of this request; a repeat with the same number returns the same future. */
  @ApiProperty({ minimum: 0, example: 3 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  seq_id?: number;
}

export class SaveWeightsDto extends SaveForSamplerDto {
  /** Whether to replace an existing checkpoint of this name; otherwise the request is rejected. */
  @ApiProperty({ default: false, example: false })
  @IsOptional()
  @IsBoolean()
  overwrite?: boolean;
}

export class LoadWeightsDto {
  /**
   * Name of the adapter to load into.
   * @example my-model
   */
  @IsString()
  model_id!: string;

  /** Name of one of this adapter's checkpoints. */
  @ApiProperty({ example: 'step-10' })
  @IsOptional()
  @IsString()
  name?: string;

  /** Path of a checkpoint, which may belong to another adapter, or a name. */
  @ApiProperty({ example: 'tinker://my-model/weights/step-10' })
  @IsOptional()
  @IsString()
  path?: string;

  /** Whether to restore moments and step as well; false resets the optimiser. */
  @ApiProperty({ default: true, example: true })
  @IsOptional()
  @IsBoolean()
  optimizer?: boolean;

  /** Your number of this request; a repeat with the same number returns the same future. */
  @ApiProperty({ minimum: 0, example: 4 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  seq_id?: number;
}

export class CheckpointDto {
  /**
   * Path for /load_weights, and for /generate if the kind is sampler.
   * @example tinker://my-model/weights/step-10
   */
  path!: string;

  /**
   * Name of the checkpoint.
   * @example step-10
   */
  name!: string;

  /** Training checkpoint, sampler weights, or PEFT files. */
  @ApiProperty({ enum: CHECKPOINT_SEGMENTS, example: 'weights' })
  kind!: string;

  /**
   * Base model of the checkpoint.
   * @example HuggingFaceTB/SmolLM2-135M-Instruct
   */
  base_model!: string;

  /**
   * Optimiser steps of the adapter when it was saved.
   * @example 10
   */
  step!: number;

  /**
   * Total size of the files in bytes.
   * @example 11079680
   */
  size_bytes!: number;

  /**
   * When it was saved.
   * @example 2026-11-23T12:00:00.000Z
   */
  created_at!: string;

  /** Expiry time; null = never. */
  @ApiProperty({ type: String, nullable: true, example: null })
  expires_at!: string | null;
}

export class CheckpointListDto {
  /** Oldest first. */
  @ApiProperty({ type: [CheckpointDto] })
  checkpoints!: CheckpointDto[];
}

export class CheckpointDeletedDto {
  /**
   * Path of the deleted checkpoint.
   * @example tinker://my-model/weights/step-10
   */
  path!: string;

  /**
   * Always "deleted".
   * @example deleted
   */
  status!: string;
}

export class CheckpointAcceptedDto {
  /**
   * Future of the result: POST /retrieve_future.
   * @example future_01JD3V7QG4T0M5X2W8Z9K6N1RB
   */
  request_id!: string;

  /**
   * Name of the adapter.
   * @example my-model
   */
  model_id!: string;

  /**
   * Path of the checkpoint.
   * @example tinker://my-model/weights/step-10
   */
  path!: string;
}

export function toCheckpointDto(checkpoint: CheckpointEntity): CheckpointDto {
  return {
    path: formatCheckpointPath(checkpoint),
    name: checkpoint.name,
    kind: segmentOf(checkpoint.kind),
    base_model: checkpoint.baseModel,
    step: checkpoint.step,
    size_bytes: checkpoint.sizeBytes,
    created_at: checkpoint.createdAt.toISOString(),
    expires_at: checkpoint.expiresAt?.toISOString() ?? null,
  };
}
