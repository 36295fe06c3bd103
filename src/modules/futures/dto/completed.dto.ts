import { ApiExtraModels, ApiProperty, getSchemaPath, IntersectionType } from '@nestjs/swagger';
import { type OperationKind } from '../../../domain/operation.js';
import { GeneratedDto } from './generated.dto.js';

/** What each kind of request answers once it is done: the fields of CompletedDto and those of its result. */

class CompletedDto {
  /**
   * Id of the request.
   * @example "future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC"
   */
  request_id!: string;

  /**
   * The adapter or base model.
   * @example "my-model"
   */
  model_id!: string;

  /**
   * The request is completed.
   * @example "completed"
   */
  @ApiProperty({ enum: ['completed'] })
  status!: 'completed';
}

const DIGEST = {
  description:
    "Digest of the adapter's weights, optimiser moments and step after the operation. The same requests on the same machine give " +
    'the same digests, even if they are replayed after a crash.',
  example: 'xxh64:8f3c0e1d2b7a6954',
};

/** Log-probs of one datum. */
export class LogprobsDto {
  /** Log-probs, row by row; null if not computed. */
  @ApiProperty({ type: 'array', items: { type: 'number', nullable: true }, example: [null, -0.7, -1.3] })
  data!: (number | null)[];

  /** Always. */
  @ApiProperty({ enum: ['float32'], example: 'float32' })
  dtype!: 'float32';

  /** [N], or [N, K] for K targets per position. */
  @ApiProperty({ type: [Number], example: [3] })
  shape!: number[];
}

/** What the loss was computed from, for one datum. */
export class ForwardOutputDto {
  /** Log-probs of the targets. */
  @ApiProperty({ type: LogprobsDto })
  logprobs!: LogprobsDto;
}

export class CompletedForwardDto extends CompletedDto {
  /** Kind of operation. */
  @ApiProperty({ enum: ['forward', 'forward_backward'], example: 'forward_backward' })
  kind!: 'forward' | 'forward_backward';

  /**
   * The loss that was used, `name@version` for a formula loss; missing in results of earlier versions.
   * @example "cross_entropy"
   */
  loss_fn?: string;

  /** The loss of the batch; null if it is not finite. */
  @ApiProperty({ type: Number, nullable: true, example: 2.31 })
  loss!: number | null;

  /** Metrics by name; `loss:sum` is the loss. Null if it is not finite. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'number', nullable: true },
    example: { 'loss:sum': 2.31, mean_nll: 0.77 },
  })
  metrics!: Record<string, number | null>;

  /**
   * Datums in the batch.
   * @example 1
   */
  num_samples!: number;

  /** Outputs per datum. */
  @ApiProperty({ type: [ForwardOutputDto] })
  loss_fn_outputs!: ForwardOutputDto[];
}

export class CompletedOptimStepDto extends CompletedDto {
  /** Kind of operation. */
  @ApiProperty({ enum: ['optim_step'], example: 'optim_step' })
  kind!: 'optim_step';

  /** step, grad_norm, update_norm, weight_norm, learning_rate. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'number', nullable: true },
    example: { step: 1, grad_norm: 0.8 },
  })
  metrics!: Record<string, number | null>;

  @ApiProperty({ ...DIGEST, required: false })
  digest?: string;
}

class GenerateHeadDto extends CompletedDto {
  /** Kind of operation. */
  @ApiProperty({ enum: ['generate'], example: 'generate' })
  kind!: 'generate';
}

export class CompletedGenerateDto extends IntersectionType(GenerateHeadDto, GeneratedDto) {}

export class CompletedSaveDto extends CompletedDto {
  /** Kind of operation. */
  @ApiProperty({ enum: ['save_weights', 'save_weights_for_sampler', 'save_weights_external'], example: 'save_weights' })
  kind!: 'save_weights' | 'save_weights_for_sampler' | 'save_weights_external';

  /**
   * Path of the checkpoint.
   * @example "tinker://my-model/weights/step-10"
   */
  path!: string;

  /**
   * Name of the checkpoint.
   * @example "step-10"
   */
  name!: string;

  /**
   * Size of the files in bytes; missing in results of earlier versions.
   * @example 7340032
   */
  size_bytes?: number;
}

export class CompletedLoadDto extends CompletedDto {
  /** Kind of operation. */
  @ApiProperty({ enum: ['load_weights'], example: 'load_weights' })
  kind!: 'load_weights';

  /**
   * The checkpoint that was loaded.
   * @example "tinker://my-model/weights/step-10"
   */
  path!: string;

  /**
   * Optimiser steps of the adapter after loading; missing in results of earlier versions.
   * @example 10
   */
  step?: number;

  @ApiProperty({ ...DIGEST, required: false })
  digest?: string;
}

export class CompletedCreateDto extends CompletedDto {
  /** Kind of operation. */
  @ApiProperty({ enum: ['create_adapter'], example: 'create_adapter' })
  kind!: 'create_adapter';

  /**
   * Base model.
   * @example "HuggingFaceTB/SmolLM2-135M-Instruct"
   */
  base_model!: string;

  /**
   * Rank of the adapter.
   * @example 16
   */
  rank!: number;

  /**
   * Number of trainable parameters.
   * @example 921600
   */
  trainable_params!: number;

  @ApiProperty({ ...DIGEST, required: false })
  digest?: string;
}

export class CompletedRewindDto extends CompletedDto {
  /** Kind of operation. */
  @ApiProperty({ enum: ['rewind_adapter'], example: 'rewind_adapter' })
  kind!: 'rewind_adapter';

  /**
   * Optimiser steps of the adapter after the rewind.
   * @example 3
   */
  step!: number;

  @ApiProperty(DIGEST)
  digest!: string;

  /**
   * Whether the adapter has unapplied gradients.
   * @example false
   */
  has_gradients!: boolean;
}

export class CompletedDeleteDto extends CompletedDto {
  /** Kind of operation. */
  @ApiProperty({ enum: ['delete_adapter'], example: 'delete_adapter' })
  kind!: 'delete_adapter';

  /**
   * Whether memory and files are freed.
   * @example true
   */
  deleted!: boolean;
}

export class CompletedUnloadDto extends CompletedDto {
  /** Kind of operation. */
  @ApiProperty({ enum: ['unload_adapter'], example: 'unload_adapter' })
  kind!: 'unload_adapter';

  /**
   * Whether the memory is freed.
   * @example true
   */
  unloaded!: boolean;
}

const BY_KIND = {
  create_adapter: CompletedCreateDto,
  delete_adapter: CompletedDeleteDto,
  unload_adapter: CompletedUnloadDto,
  forward: CompletedForwardDto,
  forward_backward: CompletedForwardDto,
  optim_step: CompletedOptimStepDto,
  generate: CompletedGenerateDto,
  save_weights: CompletedSaveDto,
  save_weights_for_sampler: CompletedSaveDto,
  save_weights_external: CompletedSaveDto,
  load_weights: CompletedLoadDto,
  rewind_adapter: CompletedRewindDto,
} as const satisfies Record<OperationKind, unknown>;

const RESULTS = [...new Set(Object.values(BY_KIND))];

export const CompletedModels = (): MethodDecorator => ApiExtraModels(...RESULTS);

/** One of the results, told apart by `kind`. */
export function completedSchema() {
  return {
    oneOf: RESULTS.map((type) => ({ $ref: getSchemaPath(type) })),
    discriminator: {
      propertyName: 'kind',
      mapping: Object.fromEntries(Object.entries(BY_KIND).map(([kind, type]) => [kind, getSchemaPath(type)])),
    },
  };
}
