import { decodeGenerate, encodeGenerate, type GenerateOperation } from '../generate-operation.js';
import { type ReadOnlyOperation } from '../operation-definition.js';

/** Samples from an adapter, from sampler weights or from the bare base model. */
export const generateOperation: ReadOnlyOperation<GenerateOperation> = {
  readOnly: true,
  cancellable: true,
  encode: encodeGenerate,
  decode: decodeGenerate,
};
