import { ApiProperty } from '@nestjs/swagger';
import { TokenUsageDto } from '../sampling-settings.dto.js';
import { TextLogprobsDto } from './completion.dto.js';

/** A text completion as a stream of server-sent events brings it. */

export class TextChunkChoiceDto {
  /**
   * Number of the continuation, from 0.
   * @example 0
   */
  index!: number;

  /**
   * The next piece of text.
   * @example ", there"
   */
  text!: string;

  /** Log-probs of all tokens of the continuation, if requested; in its last chunk. */
  @ApiProperty({ type: TextLogprobsDto, nullable: true, example: null })
  logprobs!: TextLogprobsDto | null;

  /** Why the continuation ended; null until its last chunk. */
  @ApiProperty({ enum: ['stop', 'length'], nullable: true, example: null })
  finish_reason!: 'stop' | 'length' | null;
}

export class TextCompletionChunkDto {
  /**
   * Contains the id of the request; the same in all chunks.
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

  /** One choice; none in the chunk with the usage. */
  @ApiProperty({ type: [TextChunkChoiceDto] })
  choices!: TextChunkChoiceDto[];

  /** With `stream_options.include_usage`: token counts in the last chunk, null before. */
  @ApiProperty({ type: TokenUsageDto, nullable: true, required: false, example: null })
  usage?: TokenUsageDto | null;
}
