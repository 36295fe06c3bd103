import { ApiProperty } from '@nestjs/swagger';
import { DEFAULT_ADAM } from '../../../domain/adapter/adam-params.js';
import { TARGET_MODULES } from '../../../domain/adapter/lora-spec.js';
import { SCHEDULES } from '../plan/training-settings.js';

const AUTO = { type: 'string', enum: ['auto'] };

/** Read by hyperparameters.reader.ts; this class only describes them. */
export class HyperparametersDto {
  /** Passes over the training rows. */
  @ApiProperty({ oneOf: [AUTO, { type: 'integer', minimum: 1, maximum: 100 }], default: 'auto', example: 3 })
  n_epochs?: number | 'auto';

  /** Rows per step. */
  @ApiProperty({ oneOf: [AUTO, { type: 'integer', minimum: 1, maximum: 4096 }], default: 'auto', example: 'auto' })
  batch_size?: number | 'auto';

  /** Factor on the learning rate that the server would choose. */
  @ApiProperty({ oneOf: [AUTO, { type: 'number', minimum: 0 }], default: 'auto', example: 'auto' })
  learning_rate_multiplier?: number | 'auto';

  /** Absolute learning rate, instead of a multiplier. Like all following fields, not in OpenAI's API. */
  @ApiProperty({ minimum: 0, exclusiveMinimum: true, example: 0.0005 })
  learning_rate?: number;

  /** Learning rate after the warm-up: constant, or falling to 0 linearly or along half a cosine. */
  @ApiProperty({ enum: SCHEDULES, default: 'linear', example: 'linear' })
  lr_schedule?: string;

  /** Steps over which the learning rate rises from 0. */
  @ApiProperty({ default: 0, minimum: 0, example: 0 })
  warmup_steps?: number;

  /** Share of all steps over which the learning rate rises from 0. */
  @ApiProperty({ minimum: 0, maximum: 0.99, example: 0.1 })
  warmup_ratio?: number;

  /** Weight decay of AdamW. */
  @ApiProperty({ default: DEFAULT_ADAM.weightDecay, minimum: 0, example: DEFAULT_ADAM.weightDecay })
  weight_decay?: number;

  /** Decay of AdamW's first moment. */
  @ApiProperty({ default: DEFAULT_ADAM.beta1, minimum: 0, maximum: 1, example: DEFAULT_ADAM.beta1 })
  adam_beta1?: number;

  /** Decay of AdamW's second moment. */
  @ApiProperty({ default: DEFAULT_ADAM.beta2, minimum: 0, maximum: 1, example: DEFAULT_ADAM.beta2 })
  adam_beta2?: number;

  /** AdamW's epsilon. */
  @ApiProperty({ default: DEFAULT_ADAM.eps, minimum: 0, exclusiveMinimum: true, example: DEFAULT_ADAM.eps })
  adam_epsilon?: number;

  /** Cap on the norm of a step's gradient; 0 = no cap. */
  @ApiProperty({ default: DEFAULT_ADAM.gradClipNorm, minimum: 0, example: 1 })
  max_grad_norm?: number;

  /** Rank of the LoRA. */
  @ApiProperty({ default: 16, minimum: 1, example: 16 })
  lora_rank?: number;

  /** Scale of the LoRA: alpha / rank. */
  @ApiProperty({ default: 32, minimum: 0, exclusiveMinimum: true, example: 32 })
  lora_alpha?: number;

  /** Probability of dropping an input of the A matrices while training. */
  @ApiProperty({ default: 0, minimum: 0, maximum: 0.99, example: 0 })
  lora_dropout?: number;

  /** Linears with LoRA. Default: all of the decoder layers, without experts. */
  @ApiProperty({
    oneOf: [
      { type: 'array', items: { type: 'string', enum: [...TARGET_MODULES] } },
      { type: 'string', enum: ['all-linear'] },
    ],
    example: ['q_proj', 'v_proj'],
  })
  target_modules?: string[] | string;

  /** Share of the training file's rows to hold out for validation. */
  @ApiProperty({ minimum: 0, maximum: 0.9, exclusiveMinimum: true, example: 0.1 })
  validation_split?: number;

  /** End after this number of epochs without a lower validation loss. */
  @ApiProperty({ minimum: 1, example: 2 })
  early_stopping_patience?: number;

  /** Whether the model gets the weights of the epoch with the lowest validation loss. Default: with early stopping. */
  @ApiProperty({ example: true })
  keep_best?: boolean;

  /** Whether rows that exceed the model's context are cut; otherwise they are refused. */
  @ApiProperty({ default: false, example: false })
  truncate?: boolean;
}

export class DpoHyperparametersDto extends HyperparametersDto {
  /** Strength of the pull towards the base model (beta of the DPO paper). */
  @ApiProperty({ oneOf: [AUTO, { type: 'number', minimum: 0 }], default: 'auto', example: 0.1 })
  beta?: number | 'auto';
}
