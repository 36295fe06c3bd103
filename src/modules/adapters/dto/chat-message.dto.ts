import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';

export class TextPartDto {
  /** Type of the part; only text is supported. */
  @ApiProperty({ enum: ['text'], example: 'text' })
  type!: string;

  /**
   * Text of the part.
   * @example Hello
   */
  text!: string;
}

/** One turn of a conversation, as in OpenAI's API; read by `readMessages`, for the document only. */
@ApiExtraModels(TextPartDto)
export class ChatMessageDto {
  /**
   * Role of the speaker: system, developer, user, assistant, tool, or another role that the model's chat template supports.
   * @example user
   */
  role!: string;

  /** Text of the message; null if the assistant only calls tools. */
  @ApiProperty({
    nullable: true,
    oneOf: [{ type: 'string' }, { type: 'array', items: { $ref: getSchemaPath(TextPartDto) } }],
    example: 'Hello',
  })
  content?: unknown;

  /**
   * Name of the speaker, for chat templates that use it.
   * @example alice
   */
  name?: string;

  /** Function calls by the assistant: {"type": "function", "function": {"name", "arguments"}}. */
  @ApiProperty({ type: 'array', items: { type: 'object' }, example: [] })
  tool_calls?: unknown;

  /**
   * Id of the tool call that a message with role tool responds to.
   * @example call_1
   */
  tool_call_id?: string;

  /**
   * Reasoning before the answer, for chat templates that use it.
   * @example The user greets me.
   */
  reasoning_content?: string;

  /**
   * In training with "train_on": "assistant": weight of this answer; 0 excludes it.
   * @example 1
   */
  weight?: number;
}
