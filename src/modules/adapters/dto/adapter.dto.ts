import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type Seed } from '../../../domain/seed.js';
import { SEED_SCHEMA } from '../../../common/http/validation/is-seed.decorator.js';
import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { PageSize } from '../../../common/pages/page.decorators.js';
import { IsStorable } from '../../../common/http/validation/is-storable.js';
import { type AdapterEntity } from '../entities/adapter.entity.js';
import { type LoraSpec } from '../../../domain/adapter/lora-spec.js';

export class AdapterLoraDto {
  /**
   * Rank of the low-rank matrices.
   * @example 16
   */
  rank!: number;

  /**
   * B A x is multiplied by alpha / rank.
   * @example 32
   */
  alpha!: number;

  /**
   * Probability of dropping an input of the A matrices while training.
   * @example 0
   */
  dropout!: number;

  /** Linear layers with LoRA. */
  @ApiProperty({ type: [String], example: ['q_proj', 'v_proj'] })
  target_modules!: string[];

  /**
   * Whether the scale is alpha / sqrt(rank) instead of alpha / rank.
   * @example false
   */
  use_rslora!: boolean;

  /** Seed of the initial matrices and the dropout masks; a string of digits if a float64 cannot represent it exactly. */
  @ApiProperty({ ...SEED_SCHEMA, example: 0 })
  seed!: Seed;

  /** Modules with a different rank, as in PEFT; only for imported adapters. */
  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'integer' }, example: { lm_head: 4 } })
  rank_pattern?: Readonly<Record<string, number>>;

  /** Modules with a different alpha, as in PEFT; only for imported adapters. */
  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'number' }, example: { lm_head: 8 } })
  alpha_pattern?: Readonly<Record<string, number>>;

  /** Target modules without LoRA, as in PEFT; only for imported adapters. */
  @ApiPropertyOptional({ type: [String], example: ['model.layers.0.mlp.down_proj'] })
  exclude_modules?: string[];
}

export class AdapterDto {
  /**
   * Your name for the adapter.
   * @example my-model
   */
  model_id!: string;

  /**
   * Number of trainable parameters.
   * @example 921600
   */
  trainable_params!: number;

  /**
   * Whether there are gradients that no optim_step has applied yet.
   * @example false
   */
  has_gradients!: boolean;

  /**
   * Base model of the adapter.
   * @example HuggingFaceTB/SmolLM2-135M-Instruct
   */
  base_model!: string;

  /**
   * Rank of the low-rank matrices.
   * @example 16
   */
  rank!: number;

  /**
   * B A x is multiplied by alpha / rank.
   * @example 32
   */
  alpha!: number;

  /** Linear layers with LoRA. */
  @ApiProperty({ type: [String], example: ['q_proj', 'v_proj'] })
  target_modules!: string[];

  /** LoRA settings. */
  @ApiProperty({ type: AdapterLoraDto })
  lora_config!: AdapterLoraDto;

  /**
   * Optimiser steps taken.
   * @example 12
   */
  step!: number;

  /**
   * Creation time.
   * @example 2026-11-23T12:00:00.000Z
   */
  created_at!: string;

  /**
   * When an operation last ran on the adapter.
   * @example 2026-11-23T12:05:00.000Z
   */
  last_used_at!: string;

  /**
   * The first step at which a replay of the log (after a crash, for a rewind) gave other numbers than the first run;
   * null if all replays were identical, bit for bit.
   */
  @ApiProperty({ type: 'integer', nullable: true, example: null })
  diverged_at_step!: number | null;

  /** Busy while operations are pending or running. */
  @ApiProperty({ enum: ['idle', 'busy'], example: 'idle' })
  status!: 'idle' | 'busy';
}

export const DEFAULT_ADAPTERS_LIMIT = 100;

export class ListAdaptersDto {
  /**
   * Adapters per page.
   * @example 100
   */
  @PageSize()
  limit?: number = DEFAULT_ADAPTERS_LIMIT;

  /**
   * `next_cursor` of the previous page.
   * @example adapter_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  @IsOptional()
  @Matches(/^adapter_[0-9A-Z]{26}$/, { message: 'cursor must be the next_cursor of a previous page' })
  cursor?: string;

  /**
   * Only those whose name or base model contains this text, case-insensitively.
   * @example my-model
   */
  @IsOptional()
  @IsString()
  @IsStorable()
  @MaxLength(200)
  search?: string;
}

export class ListAllAdaptersDto extends ListAdaptersDto {
  /**
   * Only those of this key, by its id; empty for those created without keys. GET /admin/owners lists the ids.
   * @example key_0123456789abcdef
   */
  @IsOptional()
  @IsString()
  owner?: string;
}

export class AdapterListDto {
  /** Newest first. */
  @ApiProperty({ type: [AdapterDto] })
  adapters!: AdapterDto[];

  /**
   * Pass it as `cursor` to get the next page; null on the last page.
   * @example adapter_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  next_cursor!: string | null;
}

export class OwnedAdapterDto extends AdapterDto {
  /**
   * Id of the adapter, which is unique among all keys.
   * @example adapter_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  adapter_id!: string;

  /**
   * Id of the key that owns the adapter; empty if it was created without keys.
   * @example key_0123456789abcdef
   */
  owner!: string;
}

export class OwnedAdapterListDto {
  /** Newest first. */
  @ApiProperty({ type: [OwnedAdapterDto] })
  adapters!: OwnedAdapterDto[];

  /**
   * Pass it as `cursor` to get the next page; null on the last page.
   * @example adapter_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  next_cursor!: string | null;
}

export class AdapterCreatedDto extends AdapterDto {
  /**
   * Future of the creation in the worker; you do not need to wait for it.
   * @example future_01JD3V7QG4T0M5X2W8Z9K6N1RB
   */
  request_id!: string;
}

export class AdapterDeletedDto {
  /**
   * Name of the deleted adapter, which can be used again.
   * @example my-model
   */
  model_id!: string;

  /**
   * Always "deleted".
   * @example deleted
   */
  status!: string;

  /**
   * Future that completes when memory and files are freed.
   * @example future_01JD3V7QG4T0M5X2W8Z9K6N1RB
   */
  request_id!: string;
}

export function toAdapterDto(adapter: AdapterEntity, busy: boolean): AdapterDto {
  const lora_config = toLoraDto(adapter.lora);
  return {
    model_id: adapter.modelId,
    trainable_params: adapter.trainableParams,
    has_gradients: adapter.hasGradients,
    base_model: adapter.baseModel,
    rank: lora_config.rank,
    alpha: lora_config.alpha,
    target_modules: lora_config.target_modules,
    lora_config,
    step: adapter.step,
    diverged_at_step: adapter.divergedAtStep,
    created_at: adapter.createdAt.toISOString(),
    last_used_at: adapter.lastUsedAt.toISOString(),
    status: busy ? 'busy' : 'idle',
  };
}

export function toLoraDto(lora: LoraSpec): AdapterLoraDto {
  return {
    rank: lora.rank,
    alpha: lora.alpha,
    dropout: lora.dropout,
    target_modules: [...lora.targetModules],
    use_rslora: lora.rsLora,
    seed: lora.seed,
    ...(lora.rankPattern && { rank_pattern: lora.rankPattern }),
    ...(lora.alphaPattern && { alpha_pattern: lora.alphaPattern }),
    ...(lora.excludedModules && { exclude_modules: [...lora.excludedModules] }),
  };
}
