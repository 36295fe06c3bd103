import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';

export class TextBlockDto {
  /** Kind of the block. */
  @ApiProperty({ enum: ['text'], example: 'text' })
  type!: 'text';

  /**
   * The text.
   * @example "Hi! How can I help you?"
   */
  text!: string;

  /** Always null: citations are not supported. */
  @ApiProperty({ type: 'array', items: { type: 'object' }, nullable: true, example: null })
  citations!: null;
}

export class DirectCallerDto {
  /** The model itself. */
  @ApiProperty({ enum: ['direct'], example: 'direct' })
  type!: 'direct';
}

export class ToolUseBlockDto {
  /** Kind of the block. */
  @ApiProperty({ enum: ['tool_use'], example: 'tool_use' })
  type!: 'tool_use';

  /**
   * Id of this call, which its `tool_result` repeats.
   * @example toolu_0f3ac9d2b14e5a6778c1d2e3
   */
  id!: string;

  /**
   * The tool.
   * @example weather
   */
  name!: string;

  /** Its arguments. */
  @ApiProperty({ type: 'object', additionalProperties: true, example: { city: 'Berlin' } })
  input!: object;

  /** Caller of the tool. */
  @ApiProperty({ type: DirectCallerDto })
  caller!: DirectCallerDto;
}

/** Counts of the whole message. */
export class MessageTokensDto {
  /**
   * Tokens of the prompt.
   * @example 12
   */
  input_tokens!: number;

  /**
   * Tokens of the answer.
   * @example 24
   */
  output_tokens!: number;

  /** Always null. */
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true, example: null })
  output_tokens_details!: null;

  /** Always null: `input_tokens` counts all tokens of the prompt. */
  @ApiProperty({ type: Number, nullable: true, example: null })
  cache_creation_input_tokens!: null;

  /** Always null. */
  @ApiProperty({ type: Number, nullable: true, example: null })
  cache_read_input_tokens!: null;

  /** Always null: the server does not run tools. */
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true, example: null })
  server_tool_use!: null;
}

export class MessageUsageDto extends MessageTokensDto {
  /** Always null. */
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true, example: null })
  cache_creation!: null;

  /** Always null. */
  @ApiProperty({ type: String, nullable: true, example: null })
  inference_geo!: null;

  /** Always null. */
  @ApiProperty({ type: String, nullable: true, example: null })
  service_tier!: null;

  /** Always null. */
  @ApiProperty({ type: String, nullable: true, example: null })
  speed!: null;
}

export const STOP_REASONS = [
  'end_turn',
  'max_tokens',
  'stop_sequence',
  'tool_use',
  'model_context_window_exceeded',
] as const;
export type StopReasonDto = (typeof STOP_REASONS)[number];

export const BLOCKS = [{ $ref: getSchemaPath(TextBlockDto) }, { $ref: getSchemaPath(ToolUseBlockDto) }];

@ApiExtraModels(TextBlockDto, ToolUseBlockDto)
export class MessageDto {
  /**
   * Contains the id of the operation.
   * @example msg_future_01JD3V7QG4T0M5X2W8Z9K6N1RB
   */
  id!: string;

  /** Kind of the object. */
  @ApiProperty({ enum: ['message'], example: 'message' })
  type!: 'message';

  /** The author. */
  @ApiProperty({ enum: ['assistant'], example: 'assistant' })
  role!: 'assistant';

  /**
   * Name of the model in the request.
   * @example my-model
   */
  model!: string;

  /** The answer: texts and tool calls; empty if there are neither. */
  @ApiProperty({ type: 'array', items: { oneOf: BLOCKS }, example: [{ type: 'text', text: 'Hi!' }] })
  content!: (TextBlockDto | ToolUseBlockDto)[];

  /**
   * Why the answer ends: an end token of the model (after calls of tools: `tool_use`), `max_tokens`, one of
   * `stop_sequences`, or the end of the context.
   */
  @ApiProperty({ enum: STOP_REASONS, nullable: true, example: 'end_turn' })
  stop_reason!: StopReasonDto | null;

  /** The one of `stop_sequences` that ended the answer. */
  @ApiProperty({ type: String, nullable: true, example: null })
  stop_sequence!: string | null;

  /** Always null. */
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true, example: null })
  stop_details!: null;

  /** Always null. */
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true, example: null })
  container!: null;

  /** Always null. */
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true, example: null })
  diagnostics!: null;

  /** Token counts. */
  @ApiProperty({ type: MessageUsageDto })
  usage!: MessageUsageDto;
}

export class TokenCountDto {
  /**
   * Number of tokens of the prompt.
   * @example 12
   */
  input_tokens!: number;
}
