/** A number of loss_fn_config that a written loss reads. */
export interface ConfigDefinition {
  readonly default: number;
  readonly min?: number;
  readonly max?: number;
  readonly description?: string;
}

/** An array of loss_fn_inputs that a written loss reads otherwise than as required floats, one per token. */
export interface InputDefinition {
  /** 'token' = shaped like target_tokens; 'datum' = one number for the datum. */
  readonly per?: 'token' | 'datum';
  /** What every number counts as where the input is left out; without it the input is required. */
  readonly default?: number;
  readonly description?: string;
}

/**
 * A loss as a client writes it: formulas by name. This is what is stored, what a request's log entry carries (so that a
 * replay uses the very version of then) and what the compiler reads.
 */
export interface LossDefinition {
  readonly name: string;
  readonly description?: string;
  /** Values that formulas further down can use, in this order. */
  readonly let?: Readonly<Record<string, string>>;
  readonly loss: string;
  /** Which tokens count: sums and averages see no others. By default those whose weight is not 0, where weights are used. */
  readonly mask?: string;
  readonly metrics?: Readonly<Record<string, string>>;
  readonly config?: Readonly<Record<string, number | ConfigDefinition>>;
  readonly inputs?: Readonly<Record<string, InputDefinition>>;
}
