import { type LossResult } from '../../domain/loss.js';
import { type RaggedTensor, rowWidth } from '../../domain/ragged-tensor.js';
import { type LossConfig, type LossFunction } from '../../losses/loss-function.js';
import { slopesOfDatums } from '../../losses/slopes-of-datums.js';
import { throwIfCancelled } from '../call-cancelled.error.js';
import { type ForwardRequest, type ForwardResult } from '../compute-backend.js';
import { type ModelEngine, type OpenPass, type PassItem, type WeightsRef } from '../model-engine.js';
import { NonFiniteLossError } from '../numerics/engine.errors.js';
import { runSlopes } from './run-slopes.js';
import { gatherRows, scatterRows, scoredPositions } from './scored-rows.js';

export interface PassLoss {
  readonly lossFunction: LossFunction;
  readonly config: LossConfig;
}

/** One run of the request: its number, the datums in it and their scored positions. */
interface Run {
  readonly index: number;
  readonly datums: readonly number[];
  readonly positions: readonly number[];
}

/** One request's forward, or forward and backward, through an engine: the order of its runs, and the loss in between. */
export class TrainingPass {
  private readonly item: Omit<PassItem, 'train'>;
  private readonly logprobs: RaggedTensor<Float32Array>;

  constructor(
    private readonly engine: ModelEngine,
    weights: WeightsRef,
    private readonly request: ForwardRequest,
    private readonly loss: PassLoss,
    /** Ends the pass between two of its runs, or after the last one. */
    private readonly signal: AbortSignal | undefined,
  ) {
    const { tokens, lossInputs } = request.batch;
    const targets = lossInputs['target_tokens']!;
    const positions = targets.offsets.at(-1)!;
    const scored =
      request.logprobs === 'all' ? new Uint8Array(positions).fill(1) : loss.lossFunction.activePositions(lossInputs);
    this.item = { weights, tokens, targets, scored };
    const data = new Float32Array(positions * rowWidth(targets)).fill(Number.NaN);
    this.logprobs = { data, offsets: targets.offsets, trailingShape: targets.trailingShape };
  }

  forward(): Promise<ForwardResult> {
    return this.inPass({ train: false }, async ({ id }, runs) => {
      for (const run of runs) await this.runForward(id, run);
      throwIfCancelled(this.signal);
      return this.resultOf(this.evaluate());
    });
  }

  /** Adds gradients to the adapter, unless the loss or one of them is not finite. */
  forwardBackward(): Promise<ForwardResult> {
    return this.inPass({ train: true }, async ({ id }, runs) => {
      const result = (await this.runFused(id, runs)) ?? (await this.runSplit(id, runs));
      throwIfCancelled(this.signal);
      await this.engine.keepGradients(id, 0);
      return this.resultOf(result);
    });
  }

  private async inPass<T>(
    { train }: { train: boolean },
    work: (pass: OpenPass, runs: readonly Run[]) => Promise<T>,
  ): Promise<T> {
    const { tokens, scored } = this.item;
    throwIfCancelled(this.signal);
    const pass = await this.engine.openPass([{ ...this.item, train }]);
    try {
      for (const { error } of pass.refused) throw error;
      const runs = pass.runs.map(({ parts }, index): Run => {
        const datums = parts.flatMap((part) => part.datums);
        return { index, datums, positions: scoredPositions(tokens, scored, datums) };
      });
      return await work(pass, runs);
    } finally {
      await this.engine.closePass(pass.id);
    }
  }

  /** Log-probs and gradients in one go; null when loss or engine does not know how. */
  private async runFused(pass: number, runs: readonly Run[]): Promise<LossResult | null> {
    const { lossFunction, config } = this.loss;
    const terms = lossFunction.fusedTerms(config);
    if (!terms) return null;
    for (const run of runs) {
      throwIfCancelled(this.signal);
      const slopes = runSlopes(lossFunction, terms, this.request.batch, run.positions);
      const logprobs = await this.engine.fused(pass, run.index, [slopes]);
      if (!logprobs) return null;
      scatterRows(logprobs[0]!, run.positions, this.logprobs);
    }
    return this.evaluate();
  }

  /**
   * Forward, loss, backward. A loss may relate any datums of the request, so all log-probs come first; when the batch
   * takes several runs, each forward is made again right before its backward, in place of keeping all saved tensors.
   * Where the loss is a sum over datums, each run goes through alone.
   */
  private async runSplit(pass: number, runs: readonly Run[]): Promise<LossResult> {
    const severalRuns = runs.length > 1;
    const runByRun = severalRuns && this.loss.lossFunction.metadata.sumOverDatums === true;
    for (const run of runs) {
      await this.runForward(pass, run);
      if (runByRun) await this.runBackward(pass, run, this.slopesOf(run));
    }
    const result = this.evaluate();
    for (const run of runByRun ? [] : runs) {
      if (severalRuns) await this.runForward(pass, run);
      await this.runBackward(pass, run, result.dLogprobs);
    }
    return result;
  }

  private async runForward(pass: number, { index, positions }: Run): Promise<void> {
    throwIfCancelled(this.signal);
    const [logprobs] = await this.engine.forward(pass, index);
    scatterRows(logprobs!, positions, this.logprobs);
  }

  private runBackward(pass: number, { index, positions }: Run, dLogprobs: Float64Array): Promise<void> {
    return this.engine.backward(pass, index, [gatherRows(dLogprobs, rowWidth(this.logprobs), positions)]);
  }

  /** dLoss/dlogprob of one run's datums, of a loss that is a sum over datums. */
  private slopesOf({ datums }: Run): Float64Array {
    const { lossFunction, config } = this.loss;
    const known = { logprobs: this.logprobs, inputs: this.request.batch.lossInputs };
    return slopesOfDatums(lossFunction, datums, known, config);
  }

  private evaluate(): LossResult {
    const { lossFunction, config } = this.loss;
    const result = lossFunction.compute(this.logprobs, this.request.batch.lossInputs, config);
    if (!Number.isFinite(result.loss)) throw new NonFiniteLossError(`The loss '${lossFunction.metadata.name}'`);
    return result;
  }

  private resultOf({ loss, metrics }: LossResult): ForwardResult {
    return { loss, metrics, logprobs: this.logprobs };
  }
}
