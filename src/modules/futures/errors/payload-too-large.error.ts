import { AppError } from '../../../common/errors/app-error.js';

/** A request that could be stored but not read back. */
export class PayloadTooLargeError extends AppError {
  constructor(bytes: number, limitBytes: number) {
    const remedy = 'Send fewer datums or targets per request: gradients accumulate over requests.';
    super(
      'payload_too_large',
      'user',
      413,
      `The tensors of this request take ${bytes} bytes; the limit is ${limitBytes} per request. ${remedy}`,
      { limit_bytes: limitBytes, remedy },
    );
  }
}
