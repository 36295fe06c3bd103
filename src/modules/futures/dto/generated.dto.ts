import { ApiProperty } from '@nestjs/swagger';
import { SEED_SCHEMA } from '../../../common/http/validation/is-seed.decorator.js';
import { type Seed } from '../../../domain/seed.js';

export class GeneratedSequenceDto {
  /**
   * Without the stop token and without the stop string.
   * @example "Hi there!"
   */
  text!: string;

  /** The stop token, where one ended it, is the last. */
  @ApiProperty({ type: [Number], example: [19556, 665, 17, 2] })
  tokens!: number[];

  /** Of each token under the model's own distribution (temperature 1, nothing cut off). */
  @ApiProperty({ type: [Number], example: [-0.1, -0.5, -0.02, -0.3] })
  logprobs?: number[];

  /** Ended by a stop token or string, or by max_new_tokens. */
  @ApiProperty({ enum: ['stop', 'length'], example: 'stop' })
  stop_reason!: string;
}

export class GenerateUsageDto {
  /**
   * Tokens of the prompt.
   * @example 31
   */
  prompt_tokens!: number;

  /**
   * Of all sequences together.
   * @example 4
   */
  completion_tokens!: number;
}

/** What was sampled, in the answer of POST /generate and in that of its future. */
export class GeneratedDto {
  /**
   * Text of the first sequence.
   * @example "Hi there!"
   */
  text!: string;

  /** The n continuations. */
  @ApiProperty({ type: [GeneratedSequenceDto] })
  sequences!: GeneratedSequenceDto[];

  /** Tokens read and drawn. */
  @ApiProperty({ type: GenerateUsageDto })
  usage!: GenerateUsageDto;

  /** The seed that was used; a string of digits where a float64 does not hold it exactly. */
  @ApiProperty({ ...SEED_SCHEMA, example: 42 })
  seed!: Seed;
}
