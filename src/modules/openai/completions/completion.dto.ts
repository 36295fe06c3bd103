import { ApiProperty } from '@nestjs/swagger';
import { Allow, IsBoolean, IsInt, IsOptional, Max, Min } from 'class-validator';
import { AcceptsUnknownFields } from '../../../common/http/validation/accepts-unknown-fields.js';
import { RefusesFields } from '../../../common/http/validation/refuses-fields.js';
import { SamplingSettingsDto, TokenUsageDto } from '../sampling-settings.dto.js';

/** They ask for another answer than this server would give. */
const NOT_SUPPORTED = {
  suffix: [''],
  best_of: [1],
  use_beam_search: [false],
  length_penalty: [1],
  guided_json: [],
  guided_regex: [],
  guided_choice: [],
  guided_grammar: [],
  response_format: [],
};

@AcceptsUnknownFields()
@RefusesFields(NOT_SUPPORTED)
export class TextCompletionRequestDto extends SamplingSettingsDto {
  /** Text to continue, without a chat template: a string, token ids, or a list of up to 64 of either. */
  @ApiProperty({
    oneOf: [
      { type: 'string' },
      { type: 'array', items: { type: 'string' } },
      { type: 'array', items: { type: 'integer' } },
      { type: 'array', items: { type: 'array', items: { type: 'integer' } } },
    ],
    example: 'Once upon a time',
  })
  @Allow()
  prompt!: unknown;

  /** Maximum number of tokens to sample; 0 only with echo. */
  @ApiProperty({ default: 16, minimum: 0, example: 16 })
  @IsOptional()
  @IsInt()
  @Min(0)
  max_tokens?: number;

  /** Return the log-probs of the tokens, under the model's own distribution, and of this many most likely ones. */
  @ApiProperty({ minimum: 0, maximum: 20, example: 1 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(20)
  logprobs?: number;

  /** Return the prompt before its continuation, with its log-probs if there are any. */
  @ApiProperty({ default: false, example: false })
  @IsOptional()
  @IsBoolean()
  echo?: boolean;
}

export class TextLogprobsDto {
  /** Texts of the tokens. */
  @ApiProperty({ type: [String], example: [',', ' there'] })
  tokens!: string[];

  /** Their log-probs under the model's own distribution; null for the first token of a prompt. */
  @ApiProperty({ type: 'array', items: { type: 'number', nullable: true }, example: [-0.2, -1.5] })
  token_logprobs!: (number | null)[];

  /** The most likely tokens per position with their log-probs; null for the first token of a prompt. */
  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: { type: 'number' }, nullable: true },
    nullable: true,
    example: [{ ',': -0.2 }, { ' there': -1.5 }],
  })
  top_logprobs!: (Record<string, number> | null)[] | null;

  /** Where each token begins in the text. */
  @ApiProperty({ type: [Number], example: [0, 1] })
  text_offset!: number[];
}

export class TextChoiceDto {
  /**
   * Number of the continuation: n for each prompt, in the order of the prompts.
   * @example 0
   */
  index!: number;

  /**
   * The continuation, after the prompt with echo.
   * @example ", there was a dog."
   */
  text!: string;

  /** Log-probs of its tokens, if requested. */
  @ApiProperty({ type: TextLogprobsDto, nullable: true, example: null })
  logprobs!: TextLogprobsDto | null;

  /** `stop` = an end token or a stop string; `length` = the maximum number of tokens. */
  @ApiProperty({ enum: ['stop', 'length'], example: 'length' })
  finish_reason!: 'stop' | 'length';
}

export class TextCompletionDto {
  /**
   * Contains the id of the request.
   * @example cmpl-future_01JD3V7QG4T0M5X2W8Z9K6N1RB
   */
  id!: string;

  /** Kind of the object. */
  @ApiProperty({ enum: ['text_completion'], example: 'text_completion' })
  object!: 'text_completion';

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

  /** The continuations. */
  @ApiProperty({ type: [TextChoiceDto] })
  choices!: TextChoiceDto[];

  /** Numbers of tokens, over all prompts. */
  @ApiProperty({ type: TokenUsageDto })
  usage!: TokenUsageDto;
}
