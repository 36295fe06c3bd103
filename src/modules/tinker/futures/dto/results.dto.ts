import { TinkerMetadataDto } from './retrieve.dto.js';
import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';

export class TinkerTensorDto {
  /** The numbers, row by row. */
  @ApiProperty({ type: [Number], example: [-2.1, -0.7, -1.3] })
  data!: number[];

  /** Type of the numbers. */
  @ApiProperty({ enum: ['float32', 'int64'], example: 'float32' })
  dtype!: string;

  /** [N], or [N, K] for K targets per position. */
  @ApiProperty({ type: [Number], example: [3] })
  shape!: number[];

  /** For sparse results: the start of each row, and the end. */
  @ApiProperty({ type: [Number], example: [0, 1, 2, 3] })
  sparse_crow_indices?: number[];

  /** For sparse results: the column of each number. */
  @ApiProperty({ type: [Number], example: [0, 0, 0] })
  sparse_col_indices?: number[];
}

export class TinkerAlternativesDto {
  /** The token ids, [prompt length - 1, k]: row i is for position i + 1 of the prompt. */
  @ApiProperty({ type: TinkerTensorDto, example: { data: [12, 40], dtype: 'int64', shape: [2, 1] } })
  tokens!: TinkerTensorDto;

  /** Log-prob of each token. */
  @ApiProperty({ type: TinkerTensorDto, example: { data: [-0.5, -1.7], dtype: 'float32', shape: [2, 1] } })
  logprobs!: TinkerTensorDto;
}

/** Result of forward and forward_backward. */
@ApiExtraModels(TinkerTensorDto)
export class TinkerForwardResultDto {
  /**
   * Always.
   * @example ArrayRecord
   */
  loss_fn_output_type!: string;

  /** `logprobs` of the targets, per datum. */
  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: { $ref: getSchemaPath(TinkerTensorDto) } },
    example: [{ logprobs: { data: [-2.1, -0.7, -1.3], dtype: 'float32', shape: [3] } }],
  })
  loss_fn_outputs!: Record<string, TinkerTensorDto>[];

  /** Metrics by `<name>:<reduction>`; the reduction (sum, mean, min or max) tells how to combine parts of a batch. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'number' }, example: { 'loss:sum': 4.1 } })
  metrics!: Record<string, number>;
}

export class TinkerSequenceDto {
  /** `stop` = an end token or stop condition; `length` = max_tokens. */
  @ApiProperty({ enum: ['stop', 'length'], example: 'stop' })
  stop_reason!: string;

  /** The sampled tokens, including the stop token. */
  @ApiProperty({ type: [Number], example: [5, 6, 7] })
  tokens!: number[];

  /** Log-prob of each sampled token; missing for requests to POST /generate without log-probs. */
  @ApiProperty({ type: [Number], example: [-0.3, -1.2, -0.1] })
  logprobs?: number[];

  /** With `topk_sample_logprobs`: the top-k [token, log-prob] pairs at each token's position. */
  @ApiProperty({
    type: 'array',
    items: { type: 'array', nullable: true, items: { type: 'array', items: { type: 'number' } } },
    example: [[[5, -0.3]], [[6, -1.2]], [[7, -0.1]]],
  })
  topk_logprobs?: ([number, number][] | null)[];
}

/** Result of asample. */
export class TinkerSampleResultDto {
  /**
   * Always.
   * @example sample
   */
  type!: string;

  /** The num_samples completions. */
  @ApiProperty({ type: [TinkerSequenceDto] })
  sequences!: TinkerSequenceDto[];

  /** With `prompt_logprobs`: the log-prob of each prompt token; null for the first one and for those not requested. */
  @ApiProperty({ type: 'array', items: { type: 'number', nullable: true }, example: [null, -3.2, -1.1] })
  prompt_logprobs?: (number | null)[];

  /** With `topk_prompt_logprobs`: the top-k [token, log-prob] pairs per prompt position. */
  @ApiProperty({
    type: 'array',
    items: { type: 'array', nullable: true, items: { type: 'array', items: { type: 'number' } } },
    example: [null, [[12, -0.5]], [[7, -0.9]]],
  })
  topk_prompt_logprobs?: ([number, number][] | null)[];

  /** With `target_prompt_logprobs`: the log-prob of each id there, in the same shape and layout; 0 for -1. */
  @ApiProperty({ type: TinkerTensorDto, example: { data: [-0.5, 0], dtype: 'float32', shape: [2, 1] } })
  target_prompt_logprobs?: TinkerTensorDto;

  /** With `prompt_alt_tokens_k`: the alternative tokens per prompt position. */
  @ApiProperty({ type: TinkerAlternativesDto })
  prompt_alt_tokens?: TinkerAlternativesDto;

  /**
   * Always 0; prompts are not cached.
   * @example 0
   */
  prompt_cache_hit_tokens!: number;
}

/** Result of create_model and unload_model. */
export class TinkerModelResultDto {
  /**
   * The model.
   * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0
   */
  model_id!: string;

  /** Kind of operation. */
  @ApiProperty({ enum: ['create_model', 'unload_model'], example: 'create_model' })
  type!: string;
}

/** Result of optim_step. */
export class TinkerOptimResultDto {
  /** step, grad_norm, update_norm, weight_norm, learning_rate. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'number' }, example: { step: 1, grad_norm: 0.8 } })
  metrics!: Record<string, number>;
}

/** Result of save_weights, save_weights_for_sampler and save_weights_external. */
export class TinkerSavedDto {
  /**
   * Name of the checkpoint; null for a save without a name.
   * @example tinker://session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0/weights/step-10
   */
  path!: string | null;

  /**
   * For a save without a name: the sampling session to sample from.
   * @example sampler_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  sampling_session_id?: string;

  /**
   * Size of the files in bytes, if the save has a name.
   * @example 7340032
   */
  size_bytes?: number;

  /**
   * For save_weights_external: always its name.
   * @example save_weights_external
   */
  type?: string;
}

/** Result of load_weights. */
export class TinkerLoadedDto {
  /**
   * The checkpoint.
   * @example tinker://session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0/weights/step-10
   */
  path!: string;

  /**
   * The model that the checkpoint was loaded into.
   * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0
   */
  model_id!: string;
}

/** What became of a request that failed. */
export class TinkerFailedDto {
  /**
   * The problem and the remedy.
   * @example "There are no gradients to apply."
   */
  error!: string;

  /** Who can fix it: the client ("user"), the operator ("server"), or "unknown". */
  @ApiProperty({ enum: ['user', 'server', 'unknown'], example: 'user' })
  category!: string;

  /**
   * Stable code for programs; 'cancelled' if the client cancelled the request.
   * @example invalid_request
   */
  code!: string;
}

/** What retrieve_future can answer. */
export const RESULTS = [
  TinkerForwardResultDto,
  TinkerSampleResultDto,
  TinkerOptimResultDto,
  TinkerModelResultDto,
  TinkerSavedDto,
  TinkerLoadedDto,
  TinkerMetadataDto,
  TinkerFailedDto,
];
