import { ApiProperty } from '@nestjs/swagger';

export class ErrorContentDto {
  /**
   * Stable code for programs.
   * @example "invalid_request"
   */
  code!: string;

  /** Who can fix it: the client ("user"), the operator ("server"), or "unknown". */
  @ApiProperty({ enum: ['user', 'server', 'unknown'], example: 'user' })
  category!: string;

  /**
   * The problem, where it occurred, and the remedy.
   * @example "data is empty. Give conversations or datums."
   */
  message!: string;

  /** The field that caused the error, the remedy, and more details depending on the code. */
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    example: { field: 'data', remedy: 'Pass conversations or datums.' },
  })
  details?: Readonly<Record<string, unknown>>;
}

/** The shape of an error answer, of every route but those under /hf and /v1. */
export class ErrorDto {
  /** The error. */
  @ApiProperty({ type: ErrorContentDto })
  error!: ErrorContentDto;

  /**
   * The HTTP status code.
   * @example 400
   */
  status_code!: number;
}

export class OpenAiErrorContentDto {
  /**
   * The problem, where it occurred, and the remedy.
   * @example "Adapter 'nobody' does not exist."
   */
  message!: string;

  /**
   * Kind of error, as OpenAI names them.
   * @example invalid_request_error
   */
  type!: string;

  /** The field that caused the error. */
  @ApiProperty({ type: String, nullable: true, example: 'model' })
  param!: string | null;

  /**
   * Stable code for programs.
   * @example model_not_found
   */
  code!: string;
}

/** The shape of an error answer of the routes under /v1. */
export class OpenAiErrorDto {
  /** The error. */
  @ApiProperty({ type: OpenAiErrorContentDto })
  error!: OpenAiErrorContentDto;
}

export class AnthropicErrorContentDto {
  /**
   * Kind of error, as Anthropic names them.
   * @example not_found_error
   */
  type!: string;

  /**
   * The problem, where it occurred, and the remedy.
   * @example "Adapter 'nobody' does not exist."
   */
  message!: string;

  /** A stable code for programs, the field that caused the error, the remedy, and more depending on the code. */
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    example: { error_code: 'not_found', field: 'model' },
  })
  details!: Readonly<Record<string, unknown>>;
}

/** The shape of an error answer of the routes under /v1/messages. */
export class AnthropicErrorDto {
  /** Kind of the object. */
  @ApiProperty({ enum: ['error'], example: 'error' })
  type!: 'error';

  /** The error. */
  @ApiProperty({ type: AnthropicErrorContentDto })
  error!: AnthropicErrorContentDto;

  /**
   * Id of the request in the server's log; also the header `request-id`.
   * @example req_01JD3V7QG4T0M5X2W8Z9K6N1RB
   */
  request_id!: string;
}
