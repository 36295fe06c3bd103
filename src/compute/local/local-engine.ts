import { ThreadPool } from '../../common/threads/thread-pool.js';
import { type AdamParams } from '../../domain/adapter/adam-params.js';
import { type AdapterState, type AdapterTensors, NO_GRADIENTS } from '../../domain/adapter/adapter-state.js';
import { type AdapterHandle, type OptimStepResult, type StateDescription } from '../compute-backend.js';
import { type Executor } from '../executor.js';
import {
  type Batching,
  type EngineCapabilities,
  ModelEngine,
  type NextToken,
  type OpenPass,
  type PassItem,
  type RefusedItem,
  type RunLogprobs,
  type RunSlopes,
  type SequenceStep,
  type WeightsRef,
} from '../model-engine.js';
import { factorNames } from '../models/model-parameters.js';
import { accumulate, freshState } from '../numerics/adapter-tensors.js';
import { WeightsUnknownError } from '../weights-unknown.error.js';
import { NoGradientsError, UnknownAdapterError, UnknownBaseModelError } from '../numerics/engine.errors.js';
import { COPY, DIGEST, STEP } from '../numerics/state-tasks.js';
import { batchingIsExact } from './batching-check.js';
import { type LocalModel } from './local-model.js';
import { LiveAdapter, loraFeeds } from './live-adapter.js';
import { ModelRuntime } from './model-runtime.js';
import { AdapterStacks } from './passes/adapter-stacks.js';
import { type KeptMemory, LocalRun } from './passes/local-run.js';
import { PassMemory } from './passes/pass-memory.js';
import { LocalItem } from './passes/pass-part.js';
import { planRuns } from './passes/run-plan.js';
import { type PinnedWeights } from './pinned-weights.js';
import { cacheBytesPerToken } from './sequences/kv-cache.js';
import { Sequences } from './sequences/sequences.js';

export interface LocalEngineOptions {
  readonly executor: Executor;
  /** Prepares the base models; called once by start(). */
  readonly loadModels: () => Promise<readonly LocalModel[]>;
  /** What one pass may use beyond the weights. */
  readonly memoryBudgetBytes: number;
  /** Share runs only if that changes no bit, even if numbers differ by rounding, or not at all. */
  readonly batching: Batching;
}

/** Adapters of higher rank would cost as much as training the model itself. */
const MAX_RANK = 256;

/** Longer runs are no faster per token. */
const PASS_TOKENS = 1024;

interface LocalOpenPass {
  /** By index in the pass; refused items are missing. */
  readonly items: ReadonlyMap<number, LocalItem>;
  readonly runs: readonly LocalRun[];
}

/**
 * Runs models on one device, in the calling thread: recorded graphs on an executor. Its work blocks that thread, so the
 * service runs it in a thread of its own. The items of a pass share runs where that changes nothing about their numbers,
 * which is tried at the start.
 */
export class LocalEngine extends ModelEngine {
  private readonly runtimes = new Map<string, ModelRuntime>();
  private readonly adapters = new Map<string, LiveAdapter>();
  private readonly samplerWeights = new Map<string, PinnedWeights>();
  private readonly kept: KeptMemory = {
    saved: new PassMemory(),
    gradients: new PassMemory(),
    stacks: new AdapterStacks(),
  };
  private readonly passes = new Map<number, LocalOpenPass>();
  private nextPass = 0;
  private readonly threads = new ThreadPool();
  private batching: Batching = 'off';
  private readonly sequences = new Sequences(() => this.batching !== 'off');

  constructor(private readonly options: LocalEngineOptions) {
    super();
  }

  get capabilities(): EngineCapabilities {
    const { name, device } = this.options.executor;
    const models = [...this.runtimes.values()].map((runtime) => ({
      name: runtime.name,
      config: runtime.config,
      parameterCount: runtime.weights.parameterCount,
      cacheBytesPerToken: cacheBytesPerToken(runtime.config),
    }));
    // The order in which a GPU adds may change from run to run.
    const repeatability = device === 'cpu' ? 'bitwise' : 'rounding';
    return {
      engine: name,
      device,
      maxRank: MAX_RANK,
      ranks: 1,
      repeatability,
      batching: this.batching,
      passTokens: PASS_TOKENS,
      models,
    };
  }

  async start(): Promise<void> {
    const { executor } = this.options;
    const models = await this.options.loadModels();
    for (const { name, config, weights } of models) {
      await executor.prepare(weights, factorNames(config));
      this.runtimes.set(name, new ModelRuntime(name, config, weights, executor));
    }
    this.batching = await this.checkedBatching(models);
  }

  /** What company brings here, within what is wanted. */
  private async checkedBatching(models: readonly LocalModel[]): Promise<Batching> {
    const wanted = this.options.batching;
    if (wanted === 'off') return wanted;
    for (const model of models) {
      if (!(await batchingIsExact(model, this.options.executor))) return wanted === 'exact' ? 'off' : wanted;
    }
    return 'exact';
  }

  async stop(): Promise<void> {
    for (const runtime of this.runtimes.values()) await runtime.release();
    this.runtimes.clear();
    this.adapters.clear();
    this.samplerWeights.clear();
    await this.options.executor.dispose();
    this.threads.onModuleDestroy();
  }

  async createAdapter({ id, baseModel, lora }: AdapterHandle, state: AdapterState): Promise<void> {
    this.adapters.set(id, new LiveAdapter(id, baseModel, lora, state));
  }

  async deleteAdapter(adapterId: string): Promise<void> {
    this.adapters.delete(adapterId);
  }

  async exportState(adapterId: string): Promise<AdapterState> {
    return this.threads.run(COPY, this.adapter(adapterId).state);
  }

  async digestState(adapterId: string): Promise<string> {
    return this.threads.run(DIGEST, this.adapter(adapterId).state);
  }

  async describeState(adapterId: string): Promise<StateDescription> {
    const { step, gradients } = this.adapter(adapterId).state;
    return { step, hasGradients: gradients !== null };
  }

  async importState(adapterId: string, state: AdapterState, options: { optimizer: boolean }): Promise<void> {
    await this.adapter(adapterId).change(async ({ passes }) => {
      const next = options.optimizer ? { ...state, ...NO_GRADIENTS } : { ...freshState(state.weights), passes };
      return [next, undefined];
    });
  }

  async step(adapterId: string, params: AdamParams): Promise<OptimStepResult> {
    return this.adapter(adapterId).change(async (before) => {
      if (!before.gradients) throw new NoGradientsError();
      const { state, ...result } = await this.threads.run(STEP, { state: before, params });
      return [state, { step: state.step, ...result }];
    });
  }

  async dropGradients(adapterId: string): Promise<number> {
    return this.adapter(adapterId).change(async (state) => [{ ...state, ...NO_GRADIENTS }, state.gradientPasses]);
  }

  async loadWeights({ id, baseModel, lora }: AdapterHandle, tensors: AdapterTensors): Promise<void> {
    const adapter = { lora, weights: tensors, feeds: loraFeeds(lora, tensors), passes: 0 };
    this.samplerWeights.set(id, { runtime: this.runtime(baseModel), adapter });
  }

  async dropWeights(id: string): Promise<void> {
    this.samplerWeights.delete(id);
  }

  async openPass(items: readonly PassItem[]): Promise<OpenPass> {
    const accepted = new Map<number, LocalItem>();
    const refused: RefusedItem[] = [];
    for (const [index, item] of items.entries()) {
      try {
        accepted.set(index, new LocalItem(item, this.pinned(item.weights), this.options.memoryBudgetBytes));
      } catch (error) {
        refused.push({ item: index, error: error as Error });
      }
    }
    const indices = new Map([...accepted].map(([index, item]) => [item, index]));
    const planned = planRuns([...indices.keys()], {
      tokens: this.batching === 'off' ? 0 : PASS_TOKENS,
      memoryBytes: this.options.memoryBudgetBytes,
    });
    const id = this.nextPass++;
    this.passes.set(id, { items: accepted, runs: planned.map((members) => new LocalRun(members, this.kept)) });
    const runs = planned.map((members) => ({
      parts: members.map(({ item, part }) => ({ item: indices.get(item)!, datums: part.datums })),
    }));
    return { id, runs, refused };
  }

  async forward(pass: number, run: number): Promise<RunLogprobs> {
    return this.run(pass, run).forward();
  }

  async backward(pass: number, run: number, dLogprobs: readonly Float32Array[]): Promise<void> {
    await this.run(pass, run).backward(dLogprobs);
  }

  async fused(pass: number, run: number, slopes: readonly RunSlopes[]): Promise<RunLogprobs> {
    return this.run(pass, run).fused(slopes);
  }

  async keepGradients(pass: number, item: number): Promise<void> {
    const local = this.pass(pass).items.get(item)!;
    const { weights } = local.item;
    if (weights.kind !== 'adapter') throw new Error('Only an adapter has gradients.');
    const gradients = local.finish();
    await this.adapter(weights.id).change(async (state) => [{ ...state, ...accumulate(state, gradients) }, undefined]);
  }

  async closePass(pass: number): Promise<void> {
    this.passes.delete(pass);
  }

  async openSequence(weights: WeightsRef): Promise<number> {
    return this.sequences.open(this.pinned(weights));
  }

  async forkSequence(sequence: number, count: number, length?: number): Promise<readonly number[]> {
    return this.sequences.fork(sequence, count, length);
  }

  advance(steps: readonly SequenceStep[]): Promise<readonly (readonly NextToken[])[]> {
    return this.sequences.advance(steps);
  }

  async closeSequences(sequences: readonly number[]): Promise<void> {
    this.sequences.close(sequences);
  }

  /** The weights as they are now: states are replaced, never changed in place. */
  private pinned(weights: WeightsRef): PinnedWeights {
    if (weights.kind === 'base') return { runtime: this.runtime(weights.baseModel), adapter: null };
    if (weights.kind === 'adapter') {
      const adapter = this.adapter(weights.id);
      const { lora, state } = adapter;
      return {
        runtime: this.runtime(adapter.baseModel),
        adapter: { lora, weights: state.weights, feeds: adapter.feeds(), passes: state.passes },
      };
    }
    const loaded = this.samplerWeights.get(weights.id);
    if (!loaded) throw new WeightsUnknownError(weights.id);
    return loaded;
  }

  private pass(id: number): LocalOpenPass {
    const pass = this.passes.get(id);
    if (!pass) throw new Error(`Pass ${id} is not open.`);
    return pass;
  }

  private run(pass: number, run: number): LocalRun {
    const found = this.pass(pass).runs[run];
    if (!found) throw new Error(`Pass ${pass} has no run ${run}.`);
    return found;
  }

  private adapter(id: string): LiveAdapter {
    const adapter = this.adapters.get(id);
    if (!adapter) throw new UnknownAdapterError(id);
    return adapter;
  }

  private runtime(name: string): ModelRuntime {
    const runtime = this.runtimes.get(name);
    if (!runtime) throw new UnknownBaseModelError(name, [...this.runtimes.keys()]);
    return runtime;
  }
}
