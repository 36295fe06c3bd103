/**
 * A base model's parameters as every executor reads them: one file of float32 numbers that is mapped into memory, each
 * tensor as Hugging Face stores it ([out, in]). local/weight-file.ts makes it.
 */
export interface WeightFile {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, WeightTensor>;
  readonly parameterCount: number;
}

export interface WeightTensor {
  readonly byteOffset: number;
  readonly shape: readonly number[];
}
