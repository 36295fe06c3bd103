import { ApiProperty } from '@nestjs/swagger';
import { Allow, IsArray, IsBoolean, IsInt, IsNumber, IsOptional, IsString, Max, Min } from 'class-validator';
import { AcceptsUnknownFields } from '../../../../common/http/validation/accepts-unknown-fields.js';
import { RefusesFields } from '../../../../common/http/validation/refuses-fields.js';

const FINITE = { allowNaN: false, allowInfinity: false };

/** They ask for another answer than this server would give. */
const NOT_SUPPORTED = {
  container: [],
  context_management: [],
  mcp_servers: [],
  // The older name of output_config.format.
  output_format: [],
};

/** What POST /v1/messages/count_tokens takes, and POST /v1/messages, too. Fields that are not here are ignored. */
@AcceptsUnknownFields()
@RefusesFields(NOT_SUPPORTED)
export class MessagePromptDto {
  /**
   * Adapter, base model ("base" for the server's first one), or path of sampler weights
   * (tinker://<model_id>/sampler_weights/<name>).
   */
  @ApiProperty({ example: 'my-model' })
  @IsString()
  model!: string;

  /**
   * The conversation, rendered with the model's chat template. Consecutive messages of one role are one turn; a last
   * message of the assistant is continued.
   */
  @ApiProperty({
    type: 'array',
    items: { type: 'object', required: ['role', 'content'] },
    example: [{ role: 'user', content: 'Hello' }],
  })
  @Allow()
  messages!: unknown;

  /** System prompt: a string, or a list of text blocks. */
  @ApiProperty({
    oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'object' } }],
    example: 'Answer in one sentence.',
  })
  @Allow()
  system?: unknown;

  /** Functions that the model may call, for chat templates that support tools. */
  @ApiProperty({
    type: 'array',
    items: { type: 'object', required: ['name', 'input_schema'] },
    example: [{ name: 'weather', input_schema: { type: 'object', properties: { city: { type: 'string' } } } }],
  })
  @Allow()
  tools?: unknown;

  /**
   * {"type": "auto"}, the default: the model decides whether to call tools; {"type": "any"}: it calls one at least;
   * {"type": "tool", "name": "..."}: it calls that one; {"type": "none"}: it calls none. With
   * `disable_parallel_tool_use: true` it calls one at most.
   */
  @ApiProperty({ type: 'object', additionalProperties: true, example: { type: 'auto' } })
  @Allow()
  tool_choice?: unknown;

  /** Only {"type": "disabled"}. */
  @ApiProperty({ type: 'object', additionalProperties: true, example: { type: 'disabled' } })
  @Allow()
  thinking?: unknown;

  /** `format` with a JSON schema: the answer is JSON that matches the schema. `effort` is ignored. */
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    example: { format: { type: 'json_schema', schema: { type: 'object', properties: { city: { type: 'string' } } } } },
  })
  @Allow()
  output_config?: unknown;
}

export class MessageRequestDto extends MessagePromptDto {
  /** Maximum number of tokens of the answer, which also ends at the end of the context. */
  @ApiProperty({ minimum: 1, example: 32 })
  @IsInt()
  @Min(1)
  max_tokens!: number;

  /** Kept with the request if it is captured: `user_id`, and other short texts. */
  @ApiProperty({ type: 'object', additionalProperties: true, example: { user_id: 'alice' } })
  @Allow()
  metadata?: unknown;

  /** Up to 16 strings that end the answer; they are not part of it. */
  @ApiProperty({ type: [String], example: ['\n\nHuman:'] })
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  stop_sequences?: string[];

  /** Sharpens the distribution below 1; 0 = greedy. */
  @ApiProperty({ default: 1, minimum: 0, maximum: 1, example: 0.7 })
  @IsOptional()
  @IsNumber(FINITE)
  @Min(0)
  @Max(1)
  temperature?: number;

  /** Sample from the most likely tokens whose total probability reaches this value; 1 = off. */
  @ApiProperty({ default: 1, minimum: 0, maximum: 1, example: 1 })
  @IsOptional()
  @IsNumber(FINITE)
  @Min(0)
  @Max(1)
  top_p?: number;

  /** Sample from the k most likely tokens; 0 = off. */
  @ApiProperty({ default: 0, minimum: 0, example: 0 })
  @IsOptional()
  @IsInt()
  @Min(0)
  top_k?: number;

  /** Stream the answer as server-sent events. */
  @ApiProperty({ default: false, example: false })
  @IsOptional()
  @IsBoolean()
  stream?: boolean;
}
