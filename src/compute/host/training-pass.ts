import { type AdapterTensors, type NamedTensor } from '../../domain/adapter/adapter-state.js';
import { type DatumBatch } from '../../domain/datum-batch.js';
import { type LoraSpec } from '../../domain/adapter/lora-spec.js';
import { type LossResult } from '../../domain/loss.js';
import { type RaggedTensor, rowWidth } from '../../domain/ragged-tensor.js';
import { type FusedTerms, type LossConfig, type LossFunction } from '../../losses/loss-function.js';
import { slopesOfDatums } from '../../losses/slopes-of-datums.js';
import { type ForwardRequest } from '../compute-backend.js';
import { type CompiledProgram, type HostTensor, hostTensor, resultShapes } from '../graph/program.js';
import { LOSS_SCALARS } from '../models/loss-coefficients.js';
import { COEFFICIENTS, gradientName, LOGPROBS } from '../models/training-graph.js';
import { addLossInputs, coefficientFeed, type PackedBatch, packBatch, scatterLogprobs } from './batch-feeds.js';
import { dropoutFeeds } from './dropout.js';
import { NonFiniteLossError } from '../numerics/engine.errors.js';
import { microBatches } from './micro-batches.js';
import { type ModelRuntime, type ProgramVariant, variantOf } from './model-runtime.js';
import { type PassMemory } from './pass-memory.js';

type Feeds = ReadonlyMap<string, HostTensor>;

/** The LoRA that a pass runs with; none for the bare base model. */
export interface PassAdapter {
  readonly lora: LoraSpec;
  readonly feeds: readonly [string, HostTensor][];
  /** Passes made before this one, which chooses the dropout masks. */
  readonly passes: number;
}

export interface PassLoss {
  readonly lossFunction: LossFunction;
  readonly config: LossConfig;
}

export interface PassResult {
  readonly result: LossResult;
  readonly logprobs: RaggedTensor<Float32Array>;
}

/** One request's forward, or forward and backward, over a base model: micro-batches, loss, summed gradients. */
export class TrainingPass {
  private readonly logprobs: RaggedTensor<Float32Array>;
  private readonly packed: PackedBatch[];

  constructor(
    private readonly runtime: ModelRuntime,
    private readonly adapter: PassAdapter | null,
    private readonly request: ForwardRequest,
    private readonly loss: PassLoss,
    private readonly memory: PassMemory,
    budgetBytes: number,
  ) {
    const { batch } = request;
    const targets = batch.lossInputs['target_tokens']!;
    const positions = targets.offsets.at(-1)!;
    const active =
      request.logprobs === 'all'
        ? new Uint8Array(positions).fill(1)
        : loss.lossFunction.activePositions(batch.lossInputs);
    const headLora = adapter?.lora.targetModules.includes('lm_head') ?? false;
    const groups = microBatches(
      { config: runtime.config, headLora },
      batch.tokens,
      activePerDatum(batch, active),
      budgetBytes,
    );
    this.packed = groups
      .map((members) => packBatch(batch, members, active, runtime.tables))
      .filter(({ scored }) => scored.length > 0);
    const data = new Float32Array(positions * rowWidth(targets)).fill(Number.NaN);
    this.logprobs = { data, offsets: targets.offsets, trailingShape: targets.trailingShape };
  }

  async forward(): Promise<PassResult> {
    return this.runtime.use('forward', variantOf(this.adapter?.lora ?? null), async (program) => {
      for (const packed of this.packed) {
        this.keepLogprobs(packed, await program.run(new Map([...packed.feeds, ...(this.adapter?.feeds ?? [])])));
      }
      return this.finish();
    });
  }

  /** @returns also the gradients, summed over the batch; null when no position was scored */
  async forwardBackward(): Promise<PassResult & { gradients: AdapterTensors | null }> {
    const terms = this.loss.lossFunction.fusedTerms(this.loss.config);
    const { lora } = this.adapter!;
    const variant: ProgramVariant = { ...variantOf(lora), dropout: lora.dropout > 0 };
    const { runtime } = this;
    if (terms) return runtime.use('fused', variant, (program) => this.runFused(program, terms));
    return runtime.use('splitForward', variant, (forward) =>
      runtime.use('splitBackward', variant, (backward) => this.runSplit(forward, backward)),
    );
  }

  /** Log-probs and gradients in one run; the loss is evaluated afterwards from the same log-probs. */
  private async runFused(
    program: CompiledProgram,
    terms: FusedTerms,
  ): Promise<PassResult & { gradients: AdapterTensors | null }> {
    const sum = new GradientSum();
    for (const packed of this.packed) {
      const inputs = addLossInputs(packed, this.request.batch, this.loss.lossFunction);
      const outputs = await program.run(new Map([...this.feeds(program, packed, inputs), ...fusedFeeds(terms)]));
      this.keepLogprobs(packed, outputs);
      sum.add(outputs);
    }
    return { ...this.finish(), gradients: sum.finish() };
  }

  /**
   * Forward, loss, backward. A loss may relate any datums of the request, so all log-probs come first; when the batch
   * takes several runs, each forward is made again right before its backward, in place of keeping all saved tensors.
   * Where the loss is a sum over datums, each run goes through alone.
   */
  private async runSplit(
    forward: CompiledProgram,
    backward: CompiledProgram,
  ): Promise<PassResult & { gradients: AdapterTensors | null }> {
    const sum = new GradientSum();
    const runBackward = async (packed: PackedBatch, saved: Feeds, dLogprobs: Float64Array) => {
      const coefficients = coefficientFeed(packed, dLogprobs);
      sum.add(await backward.run(new Map([...this.feeds(backward, packed, saved), [COEFFICIENTS, coefficients]])));
    };
    const severalRuns = this.packed.length > 1;
    const runByRun = severalRuns && this.loss.lossFunction.metadata.sumOverDatums === true;
    let saved: Feeds = new Map();
    for (const packed of this.packed) {
      saved = await this.runForward(forward, packed);
      if (runByRun) await runBackward(packed, saved, this.slopesOf(packed));
    }
    const finished = this.finish();
    for (const packed of runByRun ? [] : this.packed) {
      if (severalRuns) saved = await this.runForward(forward, packed);
      await runBackward(packed, saved, finished.result.dLogprobs);
    }
    return { ...finished, gradients: sum.finish() };
  }

  /** dLoss/dlogprob of one run's datums, of a loss that is a sum over datums. */
  private slopesOf({ scoredDatums }: PackedBatch): Float64Array {
    const { lossFunction, config } = this.loss;
    const datums = scoredDatums.runs.map(({ datum }) => datum);
    const known = { logprobs: this.logprobs, inputs: this.request.batch.lossInputs };
    return slopesOfDatums(lossFunction, datums, known, config);
  }

  /** @returns results that are valid until the next forward */
  private async runForward(forward: CompiledProgram, packed: PackedBatch): Promise<Feeds> {
    const feeds = this.feeds(forward, packed);
    const saved = await forward.run(feeds, this.memory.tensors(resultShapes(forward.program, feeds)));
    this.keepLogprobs(packed, saved);
    return saved;
  }

  private feeds(program: CompiledProgram, packed: PackedBatch, more: Feeds = new Map()): Feeds {
    const { lora, feeds, passes } = this.adapter!;
    const masks = lora.dropout > 0 ? dropoutFeeds(program.program, packed, lora, passes) : [];
    return new Map([...packed.feeds, ...feeds, ...masks, ...more]);
  }

  private keepLogprobs(packed: PackedBatch, outputs: Feeds): void {
    scatterLogprobs(packed, outputs.get(LOGPROBS)!.data as Float32Array, this.logprobs.data);
  }

  private finish(): PassResult {
    const { lossFunction, config } = this.loss;
    const result = lossFunction.compute(this.logprobs, this.request.batch.lossInputs, config);
    if (!Number.isFinite(result.loss)) throw new NonFiniteLossError(`The loss '${lossFunction.metadata.name}'`);
    return { result, logprobs: this.logprobs };
  }
}

/** Adds up gradients of micro-batches, in the order of the runs. */
class GradientSum {
  private readonly sum = new Map<string, NamedTensor>();

  add(outputs: Feeds): void {
    for (const [name, { data, shape }] of outputs) {
      const parameter = parameterOf(name);
      if (parameter === null) continue;
      const total = this.sum.get(parameter)?.data;
      if (!total) this.sum.set(parameter, { data: data as Float32Array, shape });
      else for (let i = 0; i < total.length; i++) total[i]! += data[i] as number;
    }
  }

  /** @throws NonFiniteLossError when any number of the sum is NaN or infinite */
  finish(): AdapterTensors | null {
    for (const [name, { data }] of this.sum) {
      // NaN and infinity survive a sum, so one test per tensor is enough.
      let total = 0;
      for (let i = 0; i < data.length; i++) total += data[i]!;
      if (!Number.isFinite(total)) throw new NonFiniteLossError(`The gradient of ${name}`);
    }
    return this.sum.size > 0 ? this.sum : null;
  }
}

const GRADIENT_PREFIX = gradientName('');

function parameterOf(output: string): string | null {
  return output.startsWith(GRADIENT_PREFIX) ? output.slice(GRADIENT_PREFIX.length) : null;
}

/** Selectors and thresholds of the coefficients that a program computes by itself. */
export function fusedFeeds(terms: FusedTerms): [string, HostTensor][] {
  const is = (policy: FusedTerms['policy']) => Number(terms.policy === policy);
  const values: [string, number][] = [
    [LOSS_SCALARS.byWeights, is('weights')],
    [LOSS_SCALARS.byRatio, is('ratio')],
    [LOSS_SCALARS.byClippedRatio, is('clipped_ratio')],
    [LOSS_SCALARS.byDro, is('dro')],
    [LOSS_SCALARS.low, terms.low],
    [LOSS_SCALARS.high, terms.high],
    [LOSS_SCALARS.beta, terms.beta],
  ];
  return values.map(([name, value]) => [name, hostTensor(Float32Array.of(value), [1, 1])]);
}

function activePerDatum({ tokens }: DatumBatch, active: Uint8Array): number[] {
  return Array.from({ length: tokens.offsets.length - 1 }, (_, datum) => {
    let count = 0;
    for (let i = tokens.offsets[datum]!; i < tokens.offsets[datum + 1]!; i++) count += active[i]!;
    return count;
  });
}
