import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';

export class TextPartDto {
  /** Kind of part; the base models read text. */
  @ApiProperty({ enum: ['text'], example: 'text' })
  type!: string;

  /**
   * What is said.
   * @example Hello
   */
  text!: string;
}

/** One turn of a conversation, as in OpenAI's API; read by `readMessages`, for the document only. */
@ApiExtraModels(TextPartDto)
export class ChatMessageDto {
  /**
   * Who speaks: system, developer, user, assistant, tool, or another role that the model's chat template knows.
   * @example user
   */
  role!: string;

  /** What is said; null where an assistant only calls tools. */
  @ApiProperty({
    nullable: true,
    oneOf: [{ type: 'string' }, { type: 'array', items: { $ref: getSchemaPath(TextPartDto) } }],
    example: 'Hello',
  })
  content?: unknown;

  /**
   * Name of the speaker, for chat templates that read it.
   * @example alice
   */
  name?: string;

  /** Calls of functions by the assistant: {"type": "function", "function": {"name", "arguments"}}. */
  @ApiProperty({ type: 'array', items: { type: 'object' }, example: [] })
  tool_calls?: unknown;

  /**
   * Which call a message of role tool answers.
   * @example call_1
   */
  tool_call_id?: string;

  /**
   * What the assistant thought before it answered, for chat templates that read it.
   * @example The user greets me.
   */
  reasoning_content?: string;

  /**
   * In training with "train_on": "assistant": how much this answer counts; 0 leaves it out.
   * @example 1
   */
  weight?: number;
}
