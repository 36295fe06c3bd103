/** How the target of a new version did on a file, beside the one that it replaces. */
export interface EvaluationComparison {
  readonly file: string;
  readonly rows: number;
  /** That were scored, in all rows together. */
  readonly tokens: number;
  /** Mean over these tokens: of the new target, and of the one before. */
  readonly loss: number;
  readonly currentLoss: number;
  /** Maximum by which the new loss was allowed to exceed the old one. */
  readonly tolerance: number;
}
