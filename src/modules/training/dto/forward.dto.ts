import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsObject, IsOptional, IsString, Max, Min, ValidateNested } from 'class-validator';
import { ChatMessageDto, LoraConfigDto } from '../../adapters/index.js';
import { TRAIN_ON, type TrainOn } from '../readers/batch-context.js';

/** Which positions' log-probs come back. */
export const LOGPROB_SCOPES = ['all', 'weighted'] as const;

/** Everything but the data, which is read without a validator (see batch.reader.ts). */
export class ForwardFieldsDto {
  /**
   * Name of the adapter, which is created with defaults if it does not exist. For /fwd, also the name of a base model
   * or "base".
   * @example my-model
   */
  @IsString()
  model_id!: string;

  /** Loss function, see GET /loss_functions. */
  @ApiProperty({ default: 'cross_entropy', example: 'cross_entropy' })
  @IsOptional()
  @IsString()
  loss_fn?: string;

  /** Settings of the loss by name, see GET /loss_functions. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'number' }, example: {} })
  @IsOptional()
  @IsObject()
  loss_fn_config?: Record<string, unknown>;

  /** LoRA settings if this request creates the adapter; an existing adapter must match them. */
  @ApiProperty({ type: LoraConfigDto, example: { rank: 16, alpha: 32 } })
  @IsOptional()
  @ValidateNested()
  @Type(() => LoraConfigDto)
  lora_config?: LoraConfigDto;

  /** Base model if this request creates the adapter. Default: the first one of the server. */
  @ApiProperty({ example: 'HuggingFaceTB/SmolLM2-135M-Instruct' })
  @IsOptional()
  @IsString()
  base_model?: string;

  /**
   * For conversations: which tokens are targets. `assistant`: each answer from the end of its prompt to its end-of-turn
   * token, the one that generation stops at; a conversation whose chat template does not tell where that is is refused.
   * Of a text, the completion and the end token.
   */
  @ApiProperty({ enum: TRAIN_ON, default: 'all', example: 'assistant' })
  @IsOptional()
  @IsIn(TRAIN_ON)
  train_on?: TrainOn;

  /**
   * Positions whose log-probs are returned: "weighted" omits those of weight 0 (null), which is faster. Default: "all"
   * for datums, "weighted" for conversations.
   */
  @ApiProperty({ enum: LOGPROB_SCOPES, example: 'all' })
  @IsOptional()
  @IsIn(LOGPROB_SCOPES)
  logprobs?: (typeof LOGPROB_SCOPES)[number];

  /** Your number of this request; a repeat with the same number returns the same future. */
  @ApiProperty({ minimum: 0, example: 1 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  seq_id?: number;
}

export class TokenChunkDto {
  /** Type of the chunk; only text is supported. */
  @ApiProperty({ enum: ['encoded_text'], example: 'encoded_text' })
  type!: string;

  /** Token ids of the base model. */
  @ApiProperty({ type: [Number], example: [1, 2, 3] })
  tokens!: number[];
}

export class ModelInputDto {
  /** Chunks, concatenated in order: N tokens in total. */
  @ApiProperty({ type: [TokenChunkDto] })
  chunks!: TokenChunkDto[];
}

export class TensorDto {
  /** The numbers, row by row. */
  @ApiProperty({ type: [Number], example: [2, 3, 4] })
  data!: number[];

  /** Type of the numbers. */
  @ApiProperty({ enum: ['float32', 'int64', 'int32'], example: 'int64' })
  dtype?: string;

  /** [N], or [N, K] for K targets per position. */
  @ApiProperty({ type: [Number], example: [3] })
  shape?: number[];
}

export class DatumDto {
  /** The N input tokens. */
  @ApiProperty({ type: ModelInputDto, example: { chunks: [{ type: 'encoded_text', tokens: [1, 2, 3] }] } })
  model_input!: ModelInputDto;

  /**
   * By name, aligned with the N tokens; target_tokens[t] is the token to predict after tokens 0..t. A target of -100 is
   * ignored: its position does not count, whatever its weight, and the log-prob there is that of token 0.
   */
  @ApiProperty({
    type: 'object',
    additionalProperties: {
      oneOf: [{ $ref: getSchemaPath(TensorDto) }, { type: 'array', items: { type: 'number' } }],
    },
    example: { target_tokens: { data: [2, 3, 4], dtype: 'int64', shape: [3] }, weights: [0, 1, 1] },
  })
  loss_fn_inputs!: Record<string, unknown>;
}

const MESSAGES = [
  { role: 'user', content: 'Hello' },
  { role: 'assistant', content: 'Hi there!' },
];

export class ConversationDto {
  /** Messages, rendered with the base model's chat template. */
  @ApiProperty({ type: [ChatMessageDto], example: MESSAGES })
  messages!: ChatMessageDto[];

  /** Functions that the model may call, for chat templates that support tools. */
  @ApiProperty({ type: 'array', items: { type: 'object' }, example: [] })
  tools?: unknown;

  /** Additional variables of the chat template, such as {"enable_thinking": false}. */
  @ApiProperty({ type: 'object', additionalProperties: true, example: {} })
  chat_template_kwargs?: unknown;
}

export class PromptCompletionDto {
  /** Text before the completion; no chat template is put around it. */
  @ApiProperty({ example: 'Once upon' })
  prompt!: string;

  /** Text that follows immediately; it ends with the model's end token. */
  @ApiProperty({ example: ' a time' })
  completion!: string;
}

@ApiExtraModels(ChatMessageDto, ConversationDto, PromptCompletionDto, DatumDto, TensorDto)
export class ForwardDto extends ForwardFieldsDto {
  /**
   * Conversations, put through the base model's chat template (rows with messages, or bare lists of messages), and texts
   * (prompt and completion), or token-level datums; not both in one request.
   */
  @ApiProperty({
    oneOf: [
      {
        type: 'array',
        items: { oneOf: [{ $ref: getSchemaPath(ConversationDto) }, { $ref: getSchemaPath(PromptCompletionDto) }] },
      },
      { type: 'array', items: { type: 'array', items: { $ref: getSchemaPath(ChatMessageDto) } } },
      { type: 'array', items: { $ref: getSchemaPath(DatumDto) } },
    ],
    example: [{ messages: MESSAGES }],
  })
  data!: unknown;

  /**
   * For conversations: by name, one list of numbers (one per target, so tokens of the conversation - 1), or one number
   * for all targets, per conversation. Losses for reinforcement learning need logprobs and advantages.
   */
  @ApiProperty({
    type: 'object',
    additionalProperties: {
      type: 'array',
      items: { oneOf: [{ type: 'number' }, { type: 'array', items: { type: 'number' } }] },
    },
    example: {},
  })
  loss_fn_inputs?: unknown;
}

/** As a controller gets it: the fields checked, the data as it came. An interface, so that no validator walks it. */
export interface ForwardBody {
  readonly fields: ForwardFieldsDto;
  readonly data: unknown;
  readonly lossFnInputs: unknown;
  /** The whole of a large body, whose data are yet to be read. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
}
