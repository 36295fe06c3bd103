/** Hyper-parameters of one AdamW step; all of them may change on every call. */
export interface AdamParams {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  /** Cap on the global gradient norm; 0 = no cap. */
  readonly gradClipNorm: number;
}

export const DEFAULT_ADAM: AdamParams = {
  learningRate: 5e-4,
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
  weightDecay: 0.01,
  gradClipNorm: 0,
};
