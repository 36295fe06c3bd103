import { ApiProperty } from '@nestjs/swagger';
import { TokenUsageDto } from '../sampling-settings.dto.js';
import { CalledFunctionDto, ChoiceLogprobsDto } from './chat-completion.dto.js';

/** A chat completion as a stream of server-sent events brings it. */

export class ChatDeltaDto {
  /** The author; in the first chunk of an answer. */
  @ApiProperty({ enum: ['assistant'], example: 'assistant' })
  role?: 'assistant';

  /** The next piece of text; null in the first chunk of requests with tools. */
  @ApiProperty({ type: String, nullable: true, example: 'Hi' })
  content?: string | null;

  /** A complete tool call. */
  @ApiProperty({ type: () => [ChatChunkToolCallDto], required: false })
  tool_calls?: ChatChunkToolCallDto[];
}

export class ChatChunkToolCallDto {
  /**
   * Number of the call in its answer, from 0.
   * @example 0
   */
  index!: number;

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

export class ChatChunkChoiceDto {
  /**
   * Number of the answer, from 0.
   * @example 0
   */
  index!: number;

  /** What is new. */
  @ApiProperty({ type: ChatDeltaDto })
  delta!: ChatDeltaDto;

  /** Log-probs of all tokens of the answer, if requested; in its last chunk. */
  @ApiProperty({ type: ChoiceLogprobsDto, nullable: true, example: null })
  logprobs!: ChoiceLogprobsDto | null;

  /** Why the answer ended; null until its last chunk. */
  @ApiProperty({ enum: ['stop', 'length', 'tool_calls'], nullable: true, example: null })
  finish_reason!: 'stop' | 'length' | 'tool_calls' | null;
}

export class ChatCompletionChunkDto {
  /**
   * Contains the id of the request; the same in all chunks.
   * @example chatcmpl-future_01JD3V7QG4T0M5X2W8Z9K6N1RB
   */
  id!: string;

  /** Kind of the object. */
  @ApiProperty({ enum: ['chat.completion.chunk'], example: 'chat.completion.chunk' })
  object!: 'chat.completion.chunk';

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
  @ApiProperty({ type: [ChatChunkChoiceDto] })
  choices!: ChatChunkChoiceDto[];

  /** With `stream_options.include_usage`: token counts in the last chunk, null before. */
  @ApiProperty({ type: TokenUsageDto, nullable: true, required: false, example: null })
  usage?: TokenUsageDto | null;

  /** Always null. */
  @ApiProperty({ type: String, nullable: true, example: null })
  system_fingerprint!: null;
}
