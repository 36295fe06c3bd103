import { createHash } from 'node:crypto';
import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsBoolean, IsInt, IsObject, IsOptional, IsString, Max, Min, ValidateNested } from 'class-validator';
import { InvalidRequestError } from '../../../../common/errors/request.errors.js';
import { SeedProperty } from '../../../../common/http/validation/is-seed.decorator.js';
import { AcceptsUnknownFields } from '../../../../common/http/validation/accepts-unknown-fields.js';
import { IsStorable } from '../../../../common/http/validation/is-storable.js';
import { type LoraSpec, TARGET_MODULES, type TargetModule } from '../../../../domain/adapter/lora-spec.js';
import { type Seed, toSeed } from '../../../../domain/seed.js';
import { OTHER_LORA_SETTINGS, TINKER_ALPHA } from '../../dto/foreign-settings.js';
import { RefusesFields } from '../../dto/refuses-fields.js';

const ATTENTION: readonly TargetModule[] = ['q_proj', 'k_proj', 'v_proj', 'o_proj'];
const MLP: readonly TargetModule[] = ['gate_proj', 'up_proj', 'down_proj'];
const UNEMBED: readonly TargetModule[] = ['lm_head'];

const SEEDS = 2 ** 31;

@RefusesFields(OTHER_LORA_SETTINGS)
export class TinkerLoraConfigDto {
  /** Rank of the low-rank matrices. */
  @ApiProperty({ default: 32, minimum: 1, example: 32 })
  @IsOptional()
  @IsInt()
  @Min(1)
  rank?: number;

  /** Seeds the initial matrices; follows from the model's id when left out. */
  @IsOptional()
  @SeedProperty()
  seed?: Seed;

  /** Whether the output projection gets a LoRA. */
  @ApiProperty({ default: true, example: true })
  @IsOptional()
  @IsBoolean()
  train_unembed?: boolean;

  /** Whether the MLPs get LoRAs. */
  @ApiProperty({ default: true, example: true })
  @IsOptional()
  @IsBoolean()
  train_mlp?: boolean;

  /** Whether attention gets LoRAs. */
  @ApiProperty({ default: true, example: true })
  @IsOptional()
  @IsBoolean()
  train_attn?: boolean;
}

@AcceptsUnknownFields()
export class CreateModelDto {
  /**
   * The session it belongs to.
   * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  @IsString()
  session_id!: string;

  /**
   * The client's number of the model in its session: a repeat gives the first one.
   * @example 0
   */
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  model_seq_id!: number;

  /** Base model, see get_server_capabilities. */
  @ApiProperty({ example: 'HuggingFaceTB/SmolLM2-135M-Instruct' })
  @IsString()
  base_model!: string;

  /** Whatever the client wants to remember. */
  @ApiProperty({ type: 'object', additionalProperties: true, example: {} })
  @IsOptional()
  @IsObject()
  @IsStorable()
  user_metadata?: Record<string, unknown>;

  /** Shape of the adapter. */
  @ApiProperty({ type: TinkerLoraConfigDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => TinkerLoraConfigDto)
  lora_config?: TinkerLoraConfigDto;

  /** Only AdamW, which has no settings here. */
  @ApiProperty({ type: 'object', additionalProperties: true, example: { type: 'adamw' } })
  @IsOptional()
  @IsObject()
  optimizer_config?: Record<string, unknown>;
}

@AcceptsUnknownFields()
export class TinkerModelIdDto {
  /**
   * The model.
   * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0
   */
  @IsString()
  model_id!: string;
}

/** What every request that computes is answered with. */
export class TinkerFutureDto {
  /**
   * For retrieve_future.
   * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  request_id!: string;

  /**
   * What it is for.
   * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0
   */
  model_id!: string;
}

export class TinkerModelDataDto {
  /**
   * Architecture.
   * @example llama
   */
  arch!: string;

  /**
   * Base model.
   * @example HuggingFaceTB/SmolLM2-135M-Instruct
   */
  model_name!: string;

  /**
   * Where its tokenizer is: a folder for a client on the same machine, else the base model's name.
   * @example HuggingFaceTB/SmolLM2-135M-Instruct
   */
  tokenizer_id!: string;
}

export class TinkerModelInfoDto {
  /**
   * The model.
   * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0
   */
  model_id!: string;

  /** What it is made of. */
  @ApiProperty({ type: TinkerModelDataDto })
  model_data!: TinkerModelDataDto;

  /**
   * Always: every model here is an adapter.
   * @example true
   */
  is_lora!: boolean;

  /**
   * Rank of the adapter.
   * @example 32
   */
  lora_rank!: number;

  /**
   * Base model.
   * @example HuggingFaceTB/SmolLM2-135M-Instruct
   */
  model_name!: string;
}

/** The shape of the adapter that the request asks for. @throws InvalidRequestError when it trains nothing */
export function toTinkerLora(modelId: string, config: TinkerLoraConfigDto = {}): LoraSpec {
  const wanted = new Set([
    ...((config.train_attn ?? true) ? ATTENTION : []),
    ...((config.train_mlp ?? true) ? MLP : []),
    ...((config.train_unembed ?? true) ? UNEMBED : []),
  ]);
  if (wanted.size === 0) {
    const remedy = 'Set at least one of train_attn, train_mlp and train_unembed.';
    throw new InvalidRequestError(`lora_config trains nothing. ${remedy}`, { field: 'lora_config', remedy });
  }
  const targetModules = TARGET_MODULES.filter((target) => wanted.has(target));
  const seed = config.seed === undefined || config.seed === null ? seedOf(modelId) : toSeed(config.seed);
  return { rank: config.rank ?? 32, alpha: TINKER_ALPHA, dropout: 0, targetModules, rsLora: false, seed };
}

/** The flags that make an adapter with these targets; a part of a group does not count. */
export function toTrainFlags({ targetModules }: Pick<LoraSpec, 'targetModules'>) {
  const has = (group: readonly TargetModule[]) => group.every((target) => targetModules.includes(target));
  return { train_unembed: has(UNEMBED), train_mlp: has(MLP), train_attn: has(ATTENTION) };
}

/** A seed that follows from a name, so that a repeat of the request is the same request. */
export function seedOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32LE() % SEEDS;
}
