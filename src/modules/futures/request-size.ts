import { type OperationData } from '../../domain/operation-data.js';
import { PayloadTooLargeError } from './errors/payload-too-large.error.js';

/** The driver reads bytes as text, two digits each, and a string of JavaScript holds 2^29 characters. */
const MAX_PAYLOAD_BYTES = 200 * 2 ** 20;

/** Whether a request can be read back once it is stored; asked before its bytes are made. @throws PayloadTooLargeError */
export function checkRequestSize({ tensors }: OperationData): void {
  const bytes = Object.values(tensors).reduce(
    (sum, { data, offsets }) => sum + data.byteLength + offsets.byteLength,
    0,
  );
  if (bytes > MAX_PAYLOAD_BYTES) throw new PayloadTooLargeError(bytes, MAX_PAYLOAD_BYTES);
}
