import { ApiProperty } from '@nestjs/swagger';

export class ErrorContentDto {
  /**
   * Stable, for programs.
   * @example "invalid_request"
   */
  code!: string;

  /** Who can mend it: the client ("user"), whoever runs the server ("server"), or nobody knows. */
  @ApiProperty({ enum: ['user', 'server', 'unknown'], example: 'user' })
  category!: string;

  /**
   * What is wrong, where, and what to do.
   * @example "data is empty. Give conversations or datums."
   */
  message!: string;

  /** The field at fault, the remedy, and more that depends on the code. */
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    example: { field: 'data', remedy: 'Pass conversations or datums.' },
  })
  details?: Readonly<Record<string, unknown>>;
}

/** The one shape of an error answer, of every route but those under /hf. */
export class ErrorDto {
  /** What happened. */
  @ApiProperty({ type: ErrorContentDto })
  error!: ErrorContentDto;

  /**
   * The HTTP status again.
   * @example 400
   */
  status_code!: number;
}
