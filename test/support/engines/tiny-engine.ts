import { type AdamParams } from '../../../src/domain/adapter/adam-params.js';
import { type AdapterState, NO_GRADIENTS } from '../../../src/domain/adapter/adapter-state.js';
import { datumCount, datumValues, rowWidth } from '../../../src/domain/ragged-tensor.js';
import {
  type AdapterHandle,
  type OptimStepResult,
  type StateDescription,
} from '../../../src/compute/compute-backend.js';
import {
  type EngineCapabilities,
  ModelEngine,
  type NextToken,
  type OpenPass,
  type PassItem,
  type RunLogprobs,
  type RunSlopes,
  type SequenceStep,
  type WeightsRef,
} from '../../../src/compute/model-engine.js';
import { adamwStep } from '../../../src/compute/numerics/adamw.js';
import { accumulate, copyState, freshState } from '../../../src/compute/numerics/adapter-tensors.js';
import { stateDigest } from '../../../src/compute/numerics/state-digest.js';
import { FAKE_MODEL } from '../fake-backend/fake-backend.js';

interface TinyPass {
  readonly items: readonly PassItem[];
  readonly runs: OpenPass['runs'];
  /** Sum of dLoss/dlogprob, by item. */
  readonly slopes: number[];
}

export interface TinyEngineOptions {
  /** Datums of an item that fit into one run; any number by default. */
  readonly datumsPerRun?: number;
  /** Parts of items that one run takes; one by default. */
  readonly partsPerRun?: number;
  /** Does it know slopes by their formula? It knows 'weights' only. */
  readonly knowsSlopes?: boolean;
  readonly batching?: EngineCapabilities['batching'];
  readonly passTokens?: number;
  /** Runs before each run of a pass, which then takes as long as this; given the tokens of the run. */
  readonly pace?: (tokens: number) => void | Promise<void>;
  /** Why an item cannot run. */
  readonly refuse?: (item: PassItem) => Error | null;
}

/**
 * The least that a model engine must do, for tests of what stands above it. The log-prob of target t after token x is
 *
 *   -(1 + (x + t) mod 4) + bonus,   bonus = sum of all numbers of all B matrices
 *
 * and the most likely token comes one after the token before. `calls` lists what was asked of passes and sequences.
 */
export class TinyEngine extends ModelEngine {
  readonly capabilities: EngineCapabilities;
  calls: string[] = [];
  readonly openSequences = new Map<number, number>();
  readonly passes = new Map<number, TinyPass>();
  private readonly states = new Map<string, AdapterState>();
  private nextId = 0;

  constructor(private readonly options: TinyEngineOptions = {}) {
    super();
    this.capabilities = {
      engine: 'tiny',
      device: 'none',
      maxRank: 8,
      ranks: 1,
      repeatability: 'bitwise',
      batching: options.batching ?? 'exact',
      passTokens: options.passTokens ?? 1024,
      models: [{ ...FAKE_MODEL, parameterCount: 1, cacheBytesPerToken: 8 }],
    };
  }

  async start(): Promise<void> {}
  async stop(): Promise<void> {}

  async createAdapter({ id }: AdapterHandle, state: AdapterState): Promise<void> {
    this.states.set(id, state);
  }

  async deleteAdapter(adapterId: string): Promise<void> {
    this.states.delete(adapterId);
  }

  async exportState(adapterId: string): Promise<AdapterState> {
    return copyState(this.state(adapterId));
  }

  digestState(adapterId: string): Promise<string> {
    return stateDigest(this.state(adapterId));
  }

  async describeState(adapterId: string): Promise<StateDescription> {
    const { step, gradients } = this.state(adapterId);
    return Promise.resolve({ step, hasGradients: gradients !== null });
  }

  async importState(adapterId: string, state: AdapterState, { optimizer }: { optimizer: boolean }): Promise<void> {
    this.states.set(adapterId, optimizer ? { ...state, ...NO_GRADIENTS } : freshState(state.weights));
  }

  async step(adapterId: string, params: AdamParams): Promise<OptimStepResult> {
    const before = this.state(adapterId);
    const { state, ...norms } = adamwStep(before, before.gradients ?? new Map(), params);
    const next = { ...before, ...state, ...NO_GRADIENTS };
    this.states.set(adapterId, next);
    return { step: state.step, ...norms, digest: await stateDigest(next) };
  }

  async dropGradients(adapterId: string): Promise<number> {
    const state = this.state(adapterId);
    this.states.set(adapterId, { ...state, ...NO_GRADIENTS });
    return state.gradientPasses;
  }

  async loadWeights({ id }: AdapterHandle, tensors: AdapterState['weights']): Promise<void> {
    this.states.set(id, freshState(tensors));
  }

  async dropWeights(id: string): Promise<void> {
    this.states.delete(id);
  }

  async openPass(items: readonly PassItem[]): Promise<OpenPass> {
    const { datumsPerRun = Infinity, partsPerRun = 1, refuse = () => null } = this.options;
    const refused = items.flatMap((each, item) => {
      const error = refuse(each);
      return error ? [{ item, error }] : [];
    });
    const parts = items.flatMap(({ tokens }, item) => {
      const datums = Array.from({ length: datumCount(tokens) }, (_, datum) => datum);
      const isRefused = refused.some((one) => one.item === item);
      return isRefused ? [] : cut(datums, datumsPerRun).map((own) => ({ item, datums: own }));
    });
    const runs = cut(parts, partsPerRun).map((own) => ({ parts: own }));
    const id = this.nextId++;
    this.passes.set(id, { items, runs, slopes: items.map(() => 0) });
    this.calls.push(`open ${items.map(({ train }) => (train ? 'train' : 'read')).join()}`);
    return { id, runs, refused };
  }

  async forward(pass: number, run: number): Promise<RunLogprobs> {
    await this.begin('forward', pass, run);
    return this.logprobs(pass, run);
  }

  async backward(pass: number, run: number, dLogprobs: readonly Float32Array[]): Promise<void> {
    await this.begin('backward', pass, run);
    this.add(pass, run, dLogprobs);
  }

  async fused(pass: number, run: number, slopes: readonly RunSlopes[]): Promise<RunLogprobs | null> {
    if (!this.options.knowsSlopes || slopes.some(({ terms }) => terms.policy !== 'weights')) return null;
    await this.begin('fused', pass, run);
    this.add(
      pass,
      run,
      slopes.map(({ weights }) => weights.map((weight) => -weight)),
    );
    return this.logprobs(pass, run);
  }

  async keepGradients(pass: number, item: number): Promise<void> {
    this.calls.push(`keep ${item}`);
    const { items, slopes } = this.pass(pass);
    const id = idOf(items[item]!.weights)!;
    const state = this.state(id);
    const gradients = [...state.weights].map(([name, { shape, data }]) => {
      const value = name.includes('lora_B') ? slopes[item]! : 0;
      return [name, { shape, data: new Float32Array(data.length).fill(value) }] as const;
    });
    this.states.set(id, { ...state, ...accumulate(state, new Map(gradients)) });
  }

  async closePass(pass: number): Promise<void> {
    this.calls.push('close');
    this.passes.delete(pass);
  }

  async openSequence(): Promise<number> {
    this.openSequences.set(this.nextId, 0);
    return this.nextId++;
  }

  async forkSequence(sequence: number, count: number, length?: number): Promise<readonly number[]> {
    this.calls.push(length === undefined ? `fork ${count}` : `fork ${count} at ${length}`);
    const ids = Array.from({ length: count }, () => this.nextId++);
    for (const id of ids) this.openSequences.set(id, length ?? this.openSequences.get(sequence)!);
    return ids;
  }

  async advance(steps: readonly SequenceStep[]): Promise<readonly (readonly NextToken[])[]> {
    this.calls.push(`advance ${steps.map(({ tokens }) => tokens.length).join()}`);
    return steps.map(({ sequence, tokens, rows = Int32Array.of(tokens.length - 1) }) => {
      this.openSequences.set(sequence, this.openSequences.get(sequence)! + tokens.length);
      return Array.from(rows, (row) => this.after(tokens[row]!));
    });
  }

  async closeSequences(sequences: readonly number[]): Promise<void> {
    for (const id of sequences) this.openSequences.delete(id);
  }

  private async begin(what: string, pass: number, run: number): Promise<void> {
    this.calls.push(`${what} ${run}`);
    const { items, runs } = this.pass(pass);
    const sizes = runs[run]!.parts.flatMap(({ item, datums }) =>
      datums.map((datum) => datumValues(items[item]!.tokens, datum).length),
    );
    await this.options.pace?.(sizes.reduce((sum, size) => sum + size, 0));
  }

  private logprobs(pass: number, run: number): RunLogprobs {
    const { items, runs } = this.pass(pass);
    return runs[run]!.parts.map(({ item, datums }) => {
      const { tokens, targets, scored, weights } = items[item]!;
      const width = rowWidth(targets);
      const bonus = this.bonus(weights);
      const rows = datums.flatMap((datum) => {
        const wanted = scored.subarray(tokens.offsets[datum], tokens.offsets[datum + 1]);
        const own = datumValues(targets, datum);
        return [...datumValues(tokens, datum)].flatMap((token, i) =>
          wanted[i] ? [...own.subarray(i * width, (i + 1) * width)].map((t) => bonus - 1 - ((token + t) % 4)) : [],
        );
      });
      return Float32Array.from(rows);
    });
  }

  private add(pass: number, run: number, dLogprobs: readonly Float32Array[]): void {
    const { runs, slopes } = this.pass(pass);
    runs[run]!.parts.forEach(({ item }, part) => {
      slopes[item] = dLogprobs[part]!.reduce((sum, slope) => sum + slope, slopes[item]!);
    });
  }

  /** Nearly all on the token after this one. */
  private after(token: number): NextToken {
    const { vocabSize } = FAKE_MODEL.config;
    const logits = new Float32Array(vocabSize).fill(-100);
    logits[(token + 1) % vocabSize] = 0;
    return { logits, logSum: 0 };
  }

  private bonus(weights: WeightsRef): number {
    const id = idOf(weights);
    if (id === null) return 0;
    const matrices = [...this.state(id).weights].filter(([name]) => name.includes('lora_B'));
    return matrices.flatMap(([, { data }]) => [...data]).reduce((sum, value) => sum + value, 0);
  }

  private pass(id: number): TinyPass {
    return this.passes.get(id)!;
  }

  private state(id: string): AdapterState {
    return this.states.get(id)!;
  }
}

function cut<T>(list: readonly T[], size: number): T[][] {
  const step = Math.max(1, Math.min(size, list.length));
  return Array.from({ length: Math.ceil(list.length / step) }, (_, i) => list.slice(i * step, (i + 1) * step));
}

function idOf(weights: WeightsRef): string | null {
  return weights.kind === 'base' ? null : weights.id;
}
