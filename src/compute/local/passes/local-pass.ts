import { type AdapterTensors, type NamedTensor } from '../../../domain/adapter/adapter-state.js';
import { type CompiledProgram, type HostTensor, resultShapes } from '../../graph/program.js';
import { type PassItem, type RunSlopes } from '../../model-engine.js';
import { gradientName, LOGPROBS } from '../../models/training-graph.js';
import { NonFiniteLossError } from '../../numerics/engine.errors.js';
import { coefficientFeed, type PackedBatch, packBatch, slopeFeeds } from './batch-feeds.js';
import { dropoutFeeds } from './dropout.js';
import { microBatches, mustRecompute } from './micro-batches.js';
import { type ProgramKind, type ProgramVariant, variantOf } from '../model-runtime.js';
import { type PinnedWeights } from '../pinned-weights.js';
import { type PassMemory } from './pass-memory.js';

type Feeds = ReadonlyMap<string, HostTensor>;

export interface LocalRun extends PackedBatch {
  /** See TrainingGraphOptions. */
  readonly recompute: boolean;
}

/** One item of a pass: the runs that its datums are divided into, and their summed gradients. */
export class LocalPass {
  readonly runs: readonly LocalRun[];
  private readonly variant: ProgramVariant;
  private readonly sum = new GradientSum();
  /** What the last forward left to its backward. */
  private saved: Feeds = new Map();

  /** @throws SequenceTooLargeError for a datum that does not fit the budget on its own */
  constructor(
    readonly item: PassItem,
    private readonly weights: PinnedWeights,
    private readonly memory: PassMemory,
    budgetBytes: number,
  ) {
    const { runtime, adapter } = weights;
    const lora = adapter?.lora ?? null;
    this.variant = { ...variantOf(lora), dropout: item.train && lora !== null && lora.dropout > 0 };
    const headLora = lora?.targetModules.includes('lm_head') ?? false;
    const model = { config: runtime.config, headLora };
    const rows = scoredPerDatum(item);
    const groups = microBatches(model, item.tokens, rows, budgetBytes);
    this.runs = groups
      .map((datums) => {
        const recompute = item.train && mustRecompute(model, item.tokens, rows, datums, budgetBytes);
        return { ...packBatch(item, datums, runtime.tables, recompute ? 'blocks' : undefined), recompute };
      })
      .filter(({ scoredDatums }) => scoredDatums.rows > 0);
  }

  /** @returns the log-probs of the scored rows */
  forward(packed: LocalRun): Promise<Float32Array> {
    return this.use(this.item.train ? 'splitForward' : 'forward', packed, async (program) => {
      const feeds = this.feeds(program, packed);
      const into = this.item.train ? this.memory.tensors(resultShapes(program.program, feeds)) : undefined;
      this.saved = await program.run(feeds, into);
      return logprobsOf(this.saved);
    });
  }

  backward(packed: LocalRun, dLogprobs: Float32Array): Promise<void> {
    return this.use('splitBackward', packed, async (program) => {
      const more = [...this.saved, coefficientFeed(packed, dLogprobs)];
      this.sum.add(await program.run(this.feeds(program, packed, more)));
    });
  }

  /** Both in one run, with coefficients that the program computes. */
  fused(packed: LocalRun, slopes: RunSlopes): Promise<Float32Array> {
    return this.use('fused', packed, async (program) => {
      const outputs = await program.run(this.feeds(program, packed, slopeFeeds(packed, slopes)));
      this.sum.add(outputs);
      return logprobsOf(outputs);
    });
  }

  /**
   * Summed gradients of all runs; null when no position was scored.
   * @throws NonFiniteLossError
   */
  gradients(): AdapterTensors | null {
    return this.sum.finish();
  }

  private use<T>(
    kind: ProgramKind,
    { attention, recompute }: LocalRun,
    work: (program: CompiledProgram) => Promise<T>,
  ): Promise<T> {
    return this.weights.runtime.use(kind, { ...this.variant, attention, recompute }, work);
  }

  private feeds({ program }: CompiledProgram, packed: PackedBatch, more: readonly [string, HostTensor][] = []): Feeds {
    const { adapter } = this.weights;
    const masks = adapter && this.variant.dropout ? dropoutFeeds(program, packed, adapter.lora, adapter.passes) : [];
    return new Map([...packed.feeds, ...(adapter?.feeds ?? []), ...masks, ...more]);
  }
}

function logprobsOf(outputs: Feeds): Float32Array {
  return outputs.get(LOGPROBS)!.data as Float32Array;
}

function scoredPerDatum({ tokens, scored }: PassItem): number[] {
  return Array.from({ length: tokens.offsets.length - 1 }, (_, datum) => {
    let count = 0;
    for (let i = tokens.offsets[datum]!; i < tokens.offsets[datum + 1]!; i++) count += scored[i]!;
    return count;
  });
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
