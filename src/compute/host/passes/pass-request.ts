import { type FusedTerms, type LossResult } from '../../../domain/loss.js';
import { type RaggedTensor, rowWidth } from '../../../domain/ragged-tensor.js';
import { type LossConfig, type LossFunction } from '../../../losses/loss-function.js';
import { samplerTrainerKl } from '../../../losses/sampler-trainer-kl.js';
import { slopesOfDatums } from '../../../losses/slopes-of-datums.js';
import { CallCancelledError } from '../../call-cancelled.error.js';
import { type ForwardRequest, type ForwardResult } from '../../compute-backend.js';
import { type PassItem, type RunSlopes, type WeightsRef } from '../../model-engine.js';
import { NonFiniteLossError } from '../../numerics/engine.errors.js';
import { runSlopes } from './run-slopes.js';
import { gatherRows, scatterRows, scoredPositions } from './scored-rows.js';

export interface PassLoss {
  readonly lossFunction: LossFunction;
  readonly config: LossConfig;
}

/** What a request is beside its data. */
export interface PassOptions {
  /** Gives gradients to the adapter whose weights it runs with. */
  readonly train: boolean;
  readonly baseModel: string;
  readonly owner: string;
  /** The owner's weight in the division of engine time. */
  readonly weight: number;
  /** Gives the request up. */
  readonly signal: AbortSignal | undefined;
}

/**
 * One request's forward, or forward and backward, as an item of a pass that it may share with others: what it brings, its
 * loss, and what comes of it. Whatever goes wrong with it is the outcome of this request alone.
 */
export class PassRequest {
  readonly item: PassItem;
  /** Slopes that an engine may know by their formula; null without a backward, or when the loss has none. */
  readonly terms: FusedTerms | null;
  readonly result: Promise<ForwardResult>;
  private readonly logprobs: RaggedTensor<Float32Array>;
  private evaluated: LossResult | null = null;
  private resolve!: (result: ForwardResult) => void;
  private reject!: (error: unknown) => void;
  private isSettled = false;
  private readonly cancel = () => this.fail(new CallCancelledError());

  constructor(
    weights: WeightsRef,
    private readonly request: ForwardRequest,
    private readonly loss: PassLoss,
    readonly options: PassOptions,
  ) {
    const { tokens, lossInputs } = request.batch;
    const targets = lossInputs['target_tokens']!;
    const positions = targets.offsets.at(-1)!;
    const { lossFunction, config } = loss;
    const scored =
      request.logprobs === 'all' ? new Uint8Array(positions).fill(1) : lossFunction.activePositions(lossInputs);
    this.item = { weights, tokens, targets, scored, train: options.train };
    this.terms = options.train ? lossFunction.fusedTerms(config) : null;
    const data = new Float32Array(positions * rowWidth(targets)).fill(Number.NaN);
    this.logprobs = { data, offsets: targets.offsets, trailingShape: targets.trailingShape };
    this.result = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    options.signal?.addEventListener('abort', this.cancel);
    if (options.signal?.aborted === true) this.cancel();
  }

  /** Does anybody still wait for it? */
  get isOpen(): boolean {
    return !this.isSettled;
  }

  /** Tokens that go through the model. */
  get tokens(): number {
    return this.item.tokens.data.length;
  }

  /** Of these datums. */
  tokensOf(datums: readonly number[]): number {
    const { offsets } = this.item.tokens;
    return datums.reduce((sum, datum) => sum + offsets[datum + 1]! - offsets[datum]!, 0);
  }

  /** The loss may relate any datums of the request, so its slopes need the log-probs of all of them. */
  get relatesDatums(): boolean {
    return this.loss.lossFunction.metadata.sumOverDatums !== true;
  }

  /** The scored positions of these datums, in the order in which an engine gives their log-probs. */
  positionsOf(datums: readonly number[]): readonly number[] {
    return scoredPositions(this.item.tokens, this.item.scored, datums);
  }

  put(logprobs: Float32Array, positions: readonly number[]): void {
    scatterRows(logprobs, positions, this.logprobs);
  }

  /** What an engine needs to compute the slopes by their formula, at these positions. */
  formulaSlopes(positions: readonly number[]): RunSlopes {
    return runSlopes(this.loss.lossFunction, this.terms!, this.request.batch, positions);
  }

  /**
   * dLoss/dlogprob at the positions of these datums, from the log-probs so far: of all datums, or where the loss is a sum
   * over datums and `alone` is set of these. All 0 when the loss fails, which is then the request's outcome.
   */
  slopes(datums: readonly number[], positions: readonly number[], alone: boolean): Float32Array {
    const width = rowWidth(this.logprobs);
    const slopes = this.isOpen ? this.lossSlopes(datums, alone) : null;
    return slopes ? gatherRows(slopes, width, positions) : new Float32Array(positions.length * width);
  }

  /** Settles the request once all its log-probs are there. `keep` makes its gradients the adapter's, which nothing undoes. */
  async finish(keep: () => Promise<void>): Promise<void> {
    const result = this.isOpen ? this.attempt(() => this.evaluate()) : null;
    if (!result) return;
    this.options.signal?.removeEventListener('abort', this.cancel);
    try {
      await keep();
    } catch (error) {
      return this.fail(error);
    }
    this.isSettled = true;
    const metrics = { ...samplerTrainerKl(this.logprobs, this.request.batch.lossInputs), ...result.metrics };
    this.resolve({ loss: result.loss, metrics, logprobs: this.logprobs });
  }

  fail(error: unknown): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.options.signal?.removeEventListener('abort', this.cancel);
    this.reject(error);
  }

  private lossSlopes(datums: readonly number[], alone: boolean): Float64Array | null {
    const { lossFunction, config } = this.loss;
    if (!alone) return this.attempt(() => this.evaluate().dLogprobs);
    const known = { logprobs: this.logprobs, inputs: this.request.batch.lossInputs };
    return this.attempt(() => slopesOfDatums(lossFunction, datums, known, config));
  }

  private evaluate(): LossResult {
    if (this.evaluated) return this.evaluated;
    const { lossFunction, config } = this.loss;
    const result = lossFunction.compute(this.logprobs, this.request.batch.lossInputs, config);
    if (!Number.isFinite(result.loss)) throw new NonFiniteLossError(`The loss '${lossFunction.metadata.name}'`);
    this.evaluated = result;
    return result;
  }

  /** What fails in a loss is the outcome of its request, not of the pass. */
  private attempt<T>(work: () => T): T | null {
    try {
      return work();
    } catch (error) {
      this.fail(error);
      return null;
    }
  }
}
