import { CallCancelledError, throwIfCancelled } from '../../call-cancelled.error.js';
import { type GenerateOptions, type GenerateRequest, type GenerateResult } from '../../compute-backend.js';
import { type GrammarState } from '../../../grammars/engine/grammar-engine.js';
import { type ModelEngine, type WeightsRef } from '../../model-engine.js';
import { type TokenSampler } from '../../numerics/token-sampler.js';
import { type EngineTurns } from '../engine-turns.js';
import { type FairShares } from '../fair-shares.js';
import { Attendance } from './attendance.js';
import { Generation } from './generation.js';
import { type HeldSequence } from './held-sequence.js';
import { PrefixCache } from './prefix-cache.js';
import { SequenceMemory } from './sequence-memory.js';
import { advanceTogether, type StepOutcome, type StepPart, tokensOf } from './shared-step.js';
import { StepPlanner } from './step-planner.js';
import { StopText } from './stop-text.js';
import { WeightVersions } from '../weight-versions.js';
import { type WorkMeter } from '../work-meter.js';

/** What a request samples from. */
export interface SampledModel {
  readonly weights: WeightsRef;
  /** One for each base model. */
  readonly sampler: TokenSampler;
  /** Text of tokens without special ones, for stop strings. */
  readonly decode: (tokens: ArrayLike<number>) => Promise<string>;
  /** States of the request's grammar, one for each continuation; none where it has no grammar. */
  readonly openGrammar: (request: GenerateRequest) => Promise<readonly GrammarState[]>;
  /** Memory of a token that a sequence holds. */
  readonly bytesPerToken: number;
}

export interface DecodeSchedulerOptions {
  readonly engine: ModelEngine;
  readonly turns: EngineTurns;
  readonly meter: WorkMeter;
  /** Memory for keys and values, in bytes. */
  readonly memoryBytes: number;
  /** Of it, what may hold prompts for later ones; 0: no prompt is shared. */
  readonly prefixBytes: number;
}

/**
 * Writes all generations together, whatever they sample from: one call of the engine per step, in which every continuation
 * goes on by a token and prompts are read by a piece. Requests join and leave between steps. See docs/batching.md for who
 * goes first.
 */
export class DecodeScheduler {
  /** Weights that generations sample from change through here. */
  readonly versions: WeightVersions;
  private readonly engine: ModelEngine;
  private readonly prefixes: PrefixCache<Generation>;
  private readonly memory: SequenceMemory;
  private readonly planner: StepPlanner;
  private readonly shares: FairShares;
  /** In the order in which they came. */
  private waiting: Generation[] = [];
  private open: Generation[] = [];
  /** Those that were held up and are not any more. */
  private readonly decided: { readonly generation: Generation; readonly finish: () => void }[] = [];
  private readonly attendance: Attendance;
  private isRunning = false;
  private counted = { steps: 0, stepRequests: 0 };
  /** Sequences are in the engine's hands; whoever is given up meanwhile ends after it. */
  private isInTurn = false;

  constructor(private readonly options: DecodeSchedulerOptions) {
    this.engine = options.engine;
    this.shares = options.turns.shares;
    this.attendance = new Attendance(this.shares);
    this.prefixes = new PrefixCache((sequence) => void this.close([sequence]));
    this.versions = new WeightVersions((key) => this.prefixes.forget(key));
    this.memory = new SequenceMemory(options.memoryBytes, this.prefixes, options.prefixBytes);
    this.planner = new StepPlanner({
      engine: this.engine,
      memory: this.memory,
      prefixes: this.prefixes,
      onError: (generation, error) => this.end(generation, () => generation.fail(error)),
    });
  }

  /** Sets the memory for keys and values, in bytes. */
  resizeMemory(bytes: number): void {
    this.memory.resize(bytes);
  }

  /** Steps since the start, and generations that went on in them, one for each of its steps. */
  get counts(): { readonly steps: number; readonly stepRequests: number } {
    return this.counted;
  }

  /** Samples from the weights as they are at the call, whatever becomes of them until it ends. */
  async generate(
    model: SampledModel,
    request: GenerateRequest,
    options: GenerateOptions = {},
  ): Promise<GenerateResult> {
    throwIfCancelled(options.signal);
    const { weights, decode, sampler, bytesPerToken, openGrammar } = model;
    const canShare = this.engine.capabilities.batching !== 'off' && this.options.prefixBytes > 0;
    const weightsKey = canShare ? this.versions.keyOf(weights) : null;
    const sequence = await this.engine.openSequence(weights);
    try {
      const stopText = await this.stopTextOf(request, decode);
      const grammars = await openGrammar(request);
      const parts = { request, options, sampler, stopText, grammars, sequence, weightsKey, bytesPerToken };
      return this.join(new Generation(parts), options.signal);
    } catch (error) {
      await this.close([sequence]);
      throw error;
    }
  }

  /** Frees what it keeps for later requests. Called when no generation is open. */
  stop(): void {
    this.prefixes.shrinkTo(0);
  }

  private async stopTextOf(
    { prompt, sampling }: GenerateRequest,
    decode: SampledModel['decode'],
  ): Promise<StopText | null> {
    return sampling.stopStrings.length > 0 ? StopText.after(prompt, sampling.stopStrings, decode) : null;
  }

  private async join(generation: Generation, signal: AbortSignal | undefined): Promise<GenerateResult> {
    const cancel = () => (this.isInTurn ? undefined : this.endCancelled());
    signal?.addEventListener('abort', cancel, { once: true });
    this.waiting.push(generation);
    this.attendance.enter(generation);
    if (generation.isCancelled) cancel();
    if (!this.isRunning) this.enter(Promise.resolve());
    try {
      return await generation.result;
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  /**
   * Enters a turn, which enters the next one before it ends: the side of generations is not idle while tokens are drawn,
   * and tokens are drawn while the engine may compute for the other side.
   */
  private enter(drawn: Promise<void>): void {
    this.isRunning = true;
    let parts: readonly StepPart[] = [];
    const turn = this.options.turns.generation(
      async () => {
        await drawn;
        const outcomes = await this.step((planned) => (parts = planned));
        this.isRunning = this.open.length + this.waiting.length > 0 && !this.waitsForGrammars(outcomes);
        if (this.isRunning) this.enter(taken);
        return outcomes;
      },
      () => parts.map(tokensOf),
    );
    const taken: Promise<void> = turn.then((outcomes) => this.take(outcomes));
  }

  /** Whether there was nothing to do in a step, and whoever is decided next enters the next one. */
  private waitsForGrammars(outcomes: readonly StepOutcome[]): boolean {
    const heldUp = this.open.some(({ isHeldUp }) => isHeldUp);
    return heldUp && outcomes.length === 0 && this.decided.length === 0;
  }

  /** @param onPlanned learns who takes part */
  private async step(onPlanned: (parts: readonly StepPart[]) => void): Promise<StepOutcome[]> {
    this.resumeDecided();
    this.isInTurn = true;
    try {
      this.admit();
      const parts = await this.plan();
      onPlanned(parts);
      const { steps, stepRequests } = this.counted;
      if (parts.length === 0) return [];
      this.counted = { steps: steps + 1, stepRequests: stepRequests + parts.length };
      return await this.options.meter.decodeStep(parts.length, () => advanceTogether(this.engine, parts));
    } finally {
      this.isInTurn = false;
      this.endCancelled();
    }
  }

  /** Owners that are well ahead of the others sit out, unless the others have nothing to do. */
  private async plan(): Promise<StepPart[]> {
    const isAhead = this.shares.ahead('generation');
    const parts = await this.planner.plan([...this.open], ({ owner }) => !isAhead(owner));
    return parts.length > 0 ? parts : this.planner.plan([...this.open], ({ owner }) => isAhead(owner));
  }

  /** Lets waiting generations begin as far as memory goes; one that is too large for it begins when no other is open. */
  private admit(): void {
    for (;;) {
      const next = this.nextWaiting();
      if (!next) break;
      const bytes = next.root.granted * next.bytesPerToken;
      if (!this.memory.grantFirst(next.owner, bytes, this.open.length === 0)) break;
      this.waiting = this.waiting.filter((generation) => generation !== next);
      this.open.push(next);
      this.attendance.enter(next);
    }
    // Nobody is to sit out for the sake of those that cannot begin.
    for (const generation of this.waiting) this.attendance.leave(generation);
  }

  /** The oldest of the owner who holds least. */
  private nextWaiting(): Generation | null {
    return this.waiting.reduce<Generation | null>((best, generation) => {
      return best && this.memory.heldBy(best.owner) <= this.memory.heldBy(generation.owner) ? best : generation;
    }, null);
  }

  /** Draws tokens; ends what is done. */
  private async take(outcomes: readonly StepOutcome[]): Promise<void> {
    for (const { generation, take } of outcomes) {
      if (!generation.ended) await this.failsAlone(generation, take);
    }
    const going = () => outcomes.map(({ generation }) => generation).filter(({ ended }) => !ended);
    const isLate = new Set(going().filter(({ decidesLate }) => decidesLate));
    for (const generation of isLate) void this.decideLate(generation);
    const inTime = () => going().filter((generation) => !isLate.has(generation));
    await Promise.all(inTime().map((generation) => this.failsAlone(generation, () => generation.decide())));
    for (const generation of inTime()) this.endDecided(generation);
  }

  /** Others go on meanwhile: compiling a grammar takes longer than many steps. */
  private async decideLate(generation: Generation): Promise<void> {
    generation.isHeldUp = true;
    this.attendance.leave(generation);
    const fail = (error: unknown) => () => this.end(generation, () => generation.fail(error));
    this.decided.push({
      generation,
      finish: await generation.decide().then(() => () => this.endDecided(generation), fail),
    });
    if (!this.isRunning) this.enter(Promise.resolve());
  }

  private resumeDecided(): void {
    for (const { generation, finish } of this.decided.splice(0)) {
      generation.isHeldUp = false;
      if (generation.ended) continue;
      this.attendance.enter(generation);
      finish();
    }
  }

  /** Ends what is known to have ended. */
  private endDecided(generation: Generation): void {
    this.free(generation, generation.takeEnded());
    if (generation.isDone) this.end(generation, () => generation.succeed(), true);
  }

  private async failsAlone(generation: Generation, work: () => void | Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.end(generation, () => generation.fail(error));
    }
  }

  private endCancelled(): void {
    for (const generation of [...this.waiting, ...this.open]) {
      if (generation.isCancelled) this.end(generation, () => generation.fail(new CallCancelledError()));
    }
  }

  /** Frees what it holds, then tells its caller. @param keep may its text be kept for later requests? */
  private end(generation: Generation, tell: () => void, keep = false): void {
    if (generation.ended) return;
    generation.ended = true;
    generation.close();
    this.attendance.leave(generation);
    const wasOpen = this.open.includes(generation);
    this.waiting = this.waiting.filter((each) => each !== generation);
    this.open = this.open.filter((each) => each !== generation);
    const { held, root, bytesPerToken } = generation;
    if (wasOpen) this.giveBack(generation, held);
    const text = keep ? generation.rootText() : null;
    const kept = text ? { text, bytes: text.tokens.length * bytesPerToken } : null;
    const isKept = this.prefixes.leave(generation, kept);
    this.memory.trimSpare();
    const rest = held.filter((each) => !isKept || each !== root);
    void this.close(rest.map(({ sequence }) => sequence)).then(tell);
  }

  private free(generation: Generation, held: readonly HeldSequence[]): void {
    this.giveBack(generation, held);
    void this.close(held.map(({ sequence }) => sequence));
  }

  private giveBack({ owner, bytesPerToken }: Generation, held: readonly HeldSequence[]): void {
    for (const { granted } of held) this.memory.giveBack(owner, granted * bytesPerToken);
  }

  /** An engine that fails to free is gone, and what it held with it. */
  private async close(sequences: readonly number[]): Promise<void> {
    if (sequences.length > 0) await this.engine.closeSequences(sequences).catch(() => undefined);
  }
}
