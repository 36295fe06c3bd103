import { ApiProperty } from '@nestjs/swagger';
import { SEED_SCHEMA } from '../../../common/http/validation/is-seed.decorator.js';
import { type Seed } from '../../../domain/seed.js';

export class GeneratedSequenceDto {
  /**
   * Text without the stop token or stop string.
   * @example "Hi there!"
   */
  text!: string;

  /** Token ids, including a final stop token. */
  @ApiProperty({ type: [Number], example: [19556, 665, 17, 2] })
  tokens!: number[];

  /** Log-prob of each token under the model's own distribution (temperature 1, no truncation). */
  @ApiProperty({ type: [Number], example: [-0.1, -0.5, -0.02, -0.3] })
  logprobs?: number[];

  /** Whether a stop token or string, or max_new_tokens, ended the sequence. */
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
   * Sampled tokens of all sequences.
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

  /** The n completions. */
  @ApiProperty({ type: [GeneratedSequenceDto] })
  sequences!: GeneratedSequenceDto[];

  /** Prompt and sampled tokens. */
  @ApiProperty({ type: GenerateUsageDto })
  usage!: GenerateUsageDto;

  /** The seed that was used; a string of digits if a float64 cannot represent it exactly. */
  @ApiProperty({ ...SEED_SCHEMA, example: 42 })
  seed!: Seed;
}
