import { AppError } from '../../errors/app-error.js';

/** The request's body could not be read. */
export class MalformedBodyError extends AppError {
  constructor(reason: string, cause: unknown) {
    super(
      'malformed_body',
      'user',
      400,
      `The request's body is not valid JSON: ${reason}.`,
      { remedy: 'Send one JSON object in UTF-8. JSON knows no NaN, no Infinity and no comma after the last item.' },
      { cause },
    );
  }
}

export class BodyTooLargeError extends AppError {
  constructor(limitBytes: number, lengthBytes: number | undefined) {
    const length = lengthBytes === undefined ? '' : ` and this one has ${lengthBytes}`;
    super(
      'body_too_large',
      'user',
      413,
      `A request's body may have ${limitBytes} bytes (after decompression)${length}.`,
      {
        limit_bytes: limitBytes,
        remedy: 'Send fewer datums per request (gradients add up over requests), or raise BODY_LIMIT_MB on the server.',
      },
    );
  }
}

/** The body stands still, or nearly. */
export class BodyTooSlowError extends AppError {
  constructor(receivedBytes: number, seconds: number) {
    const remedy = 'Send it again over a faster connection, in smaller parts, or compressed.';
    super(
      'body_too_slow',
      'user',
      408,
      `The request's body arrives too slowly: ${receivedBytes} bytes in ${seconds} s. ${remedy}`,
      { received_bytes: receivedBytes, remedy },
    );
  }
}

/** Too many bodies are being worked on; it passes as soon as some of them have been answered. */
export class BodiesInFlightError extends AppError {
  /** `whose`: all clients together, or this one. */
  constructor(whose: 'server' | 'client', inFlightBytes: number, limitBytes: number) {
    const remedy = 'Send it again in a second, send less at once, or raise BODIES_IN_FLIGHT_MB on the server.';
    const holder = whose === 'server' ? 'The server holds' : 'The server holds for you';
    super(
      'too_many_bodies',
      'server',
      429,
      `${holder} ${inFlightBytes} bytes of request bodies, and ${limitBytes} may be in flight. ${remedy}`,
      { in_flight_bytes: inFlightBytes, limit_bytes: limitBytes, retry_after_s: 1, remedy },
    );
  }
}

/** What arrived is not what its Content-Encoding says, or is cut short. */
export class CorruptBodyError extends AppError {
  constructor(cause: Error) {
    super(
      'malformed_body',
      'user',
      400,
      `The request's body cannot be decompressed: ${cause.message}.`,
      { remedy: 'Send it whole and compressed as its Content-Encoding says, or without compression and that header.' },
      { cause },
    );
  }
}

export class UnsupportedEncodingError extends AppError {
  constructor(reason: string) {
    super('unsupported_encoding', 'user', 415, `The request's body cannot be read: ${reason}.`, {
      remedy: 'Send UTF-8, uncompressed or with Content-Encoding gzip, deflate or br; zstd for protobuf only.',
    });
  }
}

/** What the body parser of the dashboard throws, by its documented `type`. */
export function toBodyError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (!('type' in error)) return error;
  const field = (name: string): number | undefined => {
    const value: unknown = Reflect.get(error, name);
    return typeof value === 'number' ? value : undefined;
  };
  switch (error.type) {
    case 'entity.too.large':
      return new BodyTooLargeError(field('limit') ?? 0, field('length'));
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new UnsupportedEncodingError(error.message);
    case 'entity.parse.failed':
    case 'entity.verify.failed':
    case 'request.aborted':
    case 'request.size.invalid':
      return new MalformedBodyError(error.message, error);
    default:
      return error;
  }
}
