import { AppError } from '../../errors/app-error.js';

/** The request's body could not be read. */
export class MalformedBodyError extends AppError {
  constructor(reason: string, cause: unknown) {
    super(
      'malformed_body',
      'user',
      400,
      `The request body is not valid JSON: ${reason}.`,
      { remedy: 'Send one JSON object in UTF-8. JSON does not support NaN, Infinity or trailing commas.' },
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
      `The request body exceeds the limit of ${limitBytes} bytes (after decompression)${length}.`,
      {
        limit_bytes: limitBytes,
        remedy:
          'Send fewer datums per request (gradients accumulate over requests), or raise BODY_LIMIT_MB on the server.',
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
      `The request body is arriving too slowly: ${receivedBytes} bytes in ${seconds} s. ${remedy}`,
      { received_bytes: receivedBytes, remedy },
    );
  }
}

/** Too many bodies are being worked on; it passes as soon as some of them have been answered. */
export class BodiesInFlightError extends AppError {
  /** `whose`: all clients together, or this one. */
  constructor(whose: 'server' | 'client', inFlightBytes: number, limitBytes: number) {
    const remedy = 'Retry in a second, send less at a time, or raise BODIES_IN_FLIGHT_MB on the server.';
    const holder = whose === 'server' ? 'The server holds' : 'For your key, the server holds';
    super(
      'too_many_bodies',
      'server',
      429,
      `${holder} ${inFlightBytes} bytes of request bodies; the limit is ${limitBytes}. ${remedy}`,
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
      `The request body cannot be decompressed: ${cause.message}.`,
      {
        remedy:
          'Send the complete body, compressed as its Content-Encoding states, or without compression and without this header.',
      },
      { cause },
    );
  }
}

export class UnsupportedEncodingError extends AppError {
  constructor(reason: string) {
    super('unsupported_encoding', 'user', 415, `The request body cannot be read: ${reason}.`, {
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
