import { type OperationData } from '../../domain/operation-data.js';

/** The payload of kinds that need nothing but their adapter. */
export const emptyPayload = {
  encode: (): OperationData => ({ json: {}, tensors: {} }),
  decode: (): null => null,
};
