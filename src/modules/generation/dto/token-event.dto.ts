import { ApiProperty } from '@nestjs/swagger';

/** The data of an event `token`. */
export class TokenEventDto {
  /**
   * Number of the sequence, from 0.
   * @example 0
   */
  index!: number;

  /** The token; null for text that was held back until the end. */
  @ApiProperty({ type: Number, nullable: true, example: 19556 })
  token!: number | null;

  /**
   * The next piece of text; empty while a character or a possible stop string is incomplete.
   * @example "Hi"
   */
  text!: string;
}
