import { ApiProperty } from '@nestjs/swagger';
import { Allow, IsBoolean, IsInt, IsOptional, Max, Min } from 'class-validator';
import { AcceptsUnknownFields } from '../../../common/http/validation/accepts-unknown-fields.js';
import { RefusesFields } from '../../../common/http/validation/refuses-fields.js';
import { SamplingSettingsDto, TokenUsageDto } from '../sampling-settings.dto.js';

/** They ask for another answer than this server would give. */
const NOT_SUPPORTED = {
  functions: [],
  function_call: ['none', 'auto'],
  audio: [],
  web_search_options: [],
  best_of: [1],
  use_beam_search: [false],
  length_penalty: [1],
  guided_json: [],
  guided_regex: [],
  guided_choice: [],
  guided_grammar: [],
  structured_outputs: [],
};

@AcceptsUnknownFields()
@RefusesFields(NOT_SUPPORTED)
export class ChatCompletionRequestDto extends SamplingSettingsDto {
  /** The conversation, rendered with the model's chat template; the role `developer` stands for `system`. */
  @ApiProperty({
    type: 'array',
    items: { type: 'object', required: ['role'] },
    example: [{ role: 'user', content: 'Hello' }],
  })
  @Allow()
  messages!: unknown;

  /** Additional variables of the chat template, such as {"enable_thinking": false}. As in vLLM's API. */
  @ApiProperty({ type: 'object', additionalProperties: true, example: {} })
  @Allow()
  chat_template_kwargs?: unknown;

  /** Functions that the model may call, if its chat template supports tools. */
  @ApiProperty({ type: 'array', items: { type: 'object' }, example: [] })
  @Allow()
  tools?: unknown;

  /**
   * `none`: no calls; `auto`: the model decides; `required`: at least one call; {"type": "function", "function":
   * {"name"}}: a call of that function.
   */
  @ApiProperty({
    oneOf: [{ type: 'string', enum: ['none', 'auto', 'required'] }, { type: 'object' }],
    default: 'auto',
    example: 'auto',
  })
  @Allow()
  tool_choice?: unknown;

  /** Whether an answer may hold several calls. */
  @ApiProperty({ default: true, example: true })
  @IsOptional()
  @IsBoolean()
  parallel_tool_calls?: boolean;

  /** Maximum number of tokens of an answer. Default: what is left of the context. */
  @ApiProperty({ minimum: 1, example: 32 })
  @IsOptional()
  @IsInt()
  @Min(1)
  max_completion_tokens?: number;

  /** Older name of max_completion_tokens. */
  @ApiProperty({ minimum: 1, example: 32 })
  @IsOptional()
  @IsInt()
  @Min(1)
  max_tokens?: number;

  /** Whether to return the log-prob of every token, under the model's own distribution. */
  @ApiProperty({ default: false, example: false })
  @IsOptional()
  @IsBoolean()
  logprobs?: boolean;

  /** For logprobs: number of most likely tokens to return per position. */
  @ApiProperty({ default: 0, minimum: 0, maximum: 20, example: 2 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(20)
  top_logprobs?: number;

  /**
   * {"type": "text"}, {"type": "json_object"}, or {"type": "json_schema", "json_schema": {"name", "schema"}}: an answer
   * that is not cut off is valid under the schema, `strict` or not.
   */
  @ApiProperty({ type: 'object', additionalProperties: true, example: { type: 'json_object' } })
  @Allow()
  response_format?: unknown;
}

export class TopLogprobDto {
  /**
   * Text of the token.
   * @example Hi
   */
  token!: string;

  /**
   * Log-prob under the model's own distribution.
   * @example -0.25
   */
  logprob!: number;

  /** Its bytes in UTF-8, possibly only part of a character; null if the tokenizer does not provide them. */
  @ApiProperty({ type: [Number], nullable: true, example: [72, 105] })
  bytes!: number[] | null;
}

export class TokenLogprobDto extends TopLogprobDto {
  /** The most likely tokens at this position. */
  @ApiProperty({ type: [TopLogprobDto] })
  top_logprobs!: TopLogprobDto[];
}

export class ChoiceLogprobsDto {
  /** The tokens of the answer, without the end token. */
  @ApiProperty({ type: [TokenLogprobDto] })
  content!: TokenLogprobDto[];

  /** Always null. */
  @ApiProperty({ type: String, nullable: true, example: null })
  refusal!: null;
}

export class CalledFunctionDto {
  /**
   * Name of the function.
   * @example weather
   */
  name!: string;

  /**
   * Its arguments, as the text of a JSON object.
   * @example "{\"city\": \"Oslo\"}"
   */
  arguments!: string;
}

export class ChatToolCallDto {
  /**
   * Id of the call, which the message with its result repeats.
   * @example call_0123456789abcdef01234567
   */
  id!: string;

  /** Kind of the tool. */
  @ApiProperty({ enum: ['function'], example: 'function' })
  type!: 'function';

  /** The function that is called. */
  @ApiProperty({ type: CalledFunctionDto })
  function!: CalledFunctionDto;
}

export class ChatAnswerDto {
  /** The author. */
  @ApiProperty({ enum: ['assistant'], example: 'assistant' })
  role!: 'assistant';

  /** The text; null if there are only tool calls. */
  @ApiProperty({ type: String, nullable: true, example: 'Hi! How can I help you?' })
  content!: string | null;

  /** Tool calls, if there are any. */
  @ApiProperty({ type: [ChatToolCallDto], required: false })
  tool_calls?: ChatToolCallDto[];

  /** Always null. */
  @ApiProperty({ type: String, nullable: true, example: null })
  refusal!: null;
}

export class ChatChoiceDto {
  /**
   * Number of the answer, from 0.
   * @example 0
   */
  index!: number;

  /** The answer. */
  @ApiProperty({ type: ChatAnswerDto })
  message!: ChatAnswerDto;

  /** Log-probs of its tokens, if requested. */
  @ApiProperty({ type: ChoiceLogprobsDto, nullable: true, example: null })
  logprobs!: ChoiceLogprobsDto | null;

  /** `stop` = an end token or a stop string; `tool_calls` = the same after calls; `length` = the maximum number of tokens. */
  @ApiProperty({ enum: ['stop', 'length', 'tool_calls'], example: 'stop' })
  finish_reason!: 'stop' | 'length' | 'tool_calls';
}

export class ChatCompletionDto {
  /**
   * Contains the id of the request.
   * @example chatcmpl-future_01JD3V7QG4T0M5X2W8Z9K6N1RB
   */
  id!: string;

  /** Kind of the object. */
  @ApiProperty({ enum: ['chat.completion'], example: 'chat.completion' })
  object!: 'chat.completion';

  /**
   * Seconds since 1970.
   * @example 1795910400
   */
  created!: number;

  /**
   * Name of the model in the request.
   * @example my-model
   */
  model!: string;

  /** The answers. */
  @ApiProperty({ type: [ChatChoiceDto] })
  choices!: ChatChoiceDto[];

  /** Token counts. */
  @ApiProperty({ type: TokenUsageDto })
  usage!: TokenUsageDto;

  /** Always null. */
  @ApiProperty({ type: String, nullable: true, example: null })
  system_fingerprint!: null;
}
