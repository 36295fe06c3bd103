import { type ModelEngine } from '../../model-engine.js';
import { type Branch, type Generation } from './generation.js';
import { planPrefill, type PrefillCandidate } from './prefill-plan.js';
import { type FoundPrefix, type PrefixCache } from './prefix-cache.js';
import { type SequenceMemory } from './sequence-memory.js';
import { type StepPart } from './shared-step.js';

/** Prompt tokens of a step. */
const PIECE_TOKENS = 128;
/** The same where fewer write than read, so that a step is not made for few tokens. Bounds the memory of attention. */
const LARGE_PIECE_TOKENS = 512;
/** Rows of logits that a step computes for positions of prompts. */
const SCORED_ROWS = 64;
/** Tokens of prompts that a step copies from other sequences, so that many copies do not hold up the others. */
const COPIED_TOKENS = 4096;

export interface StepPlannerOptions {
  readonly engine: ModelEngine;
  readonly memory: SequenceMemory;
  readonly prefixes: PrefixCache<Generation>;
  /** Tells of an error that concerns one generation only. */
  readonly onError: (generation: Generation, error: unknown) => void;
}

/**
 * Says what open generations do in the next step: all that write go on by one token, as far as memory allows, and prompts
 * are read in pieces beside them.
 */
export class StepPlanner {
  private readonly engine: ModelEngine;

  constructor(private readonly options: StepPlannerOptions) {
    this.engine = options.engine;
  }

  /**
   * @param open oldest first
   * @param takesPart those for which it is false neither write nor read
   */
  async plan(open: readonly Generation[], takesPart: (generation: Generation) => boolean): Promise<StepPart[]> {
    const [oldest] = open;
    const going = open.filter(takesPart);
    for (const generation of going) {
      if (generation.unread === 0 && !generation.isHeldUp)
        await this.safely(generation, () => this.branch(generation, generation === oldest));
    }
    const writing = going.flatMap((generation) => this.writingPart(generation, generation === oldest));
    return [...writing, ...(await this.readingParts(going, writing.length))];
  }

  /** Opens sequences for continuations that wait for them. */
  private async branch(generation: Generation, isOldest: boolean): Promise<void> {
    const waiting = generation.branchFromRoot();
    let count = 0;
    while (count < waiting) {
      const needed = isOldest && generation.branches.length === 0 && count === 0;
      if (!this.grant(generation, generation.firstGrant, needed)) break;
      count++;
    }
    if (count === 0) return;
    const { sequence, text } = generation;
    generation.branch(await this.engine.forkSequence(sequence, count, text.tokens.length));
  }

  private writingPart(generation: Generation, isOldest: boolean): StepPart[] {
    if (generation.ended || generation.isHeldUp) return [];
    const going = generation.branches.filter((branch) => this.hasRoom(generation, branch, isOldest));
    if (going.length === 0) return [];
    const moves = going.map((branch) => generation.nextToken(branch));
    const take: StepPart['take'] = (next) => {
      for (const [i, branch] of going.entries()) generation.takeToken(branch, next[i]![0]!);
    };
    return [{ generation, moves, take }];
  }

  /** The oldest generation always goes on, so that there is an end to waiting. */
  private hasRoom(generation: Generation, branch: Branch, isOldest: boolean): boolean {
    const missing = generation.missing(branch);
    if (missing === 0) return true;
    if (!this.grant(generation, missing, isOldest)) return false;
    branch.held.granted += missing;
    return true;
  }

  private grant({ owner, bytesPerToken }: Generation, tokens: number, regardless: boolean): boolean {
    return this.options.memory.grant(owner, tokens * bytesPerToken, regardless);
  }

  private async readingParts(open: readonly Generation[], writers: number): Promise<StepPart[]> {
    const candidates = await this.candidates(open);
    const pieces = this.divide(candidates, writers < candidates.length);
    let rows = SCORED_ROWS;
    return [...pieces].flatMap(([generation, tokens]) => {
      if (generation.ended || rows === 0) return [];
      const move = generation.nextPiece(tokens, rows);
      if (this.isShared) rows -= move.rows?.length ?? 0;
      return [{ generation, moves: [move], take: ([next]) => generation.takePiece(move, next!) } satisfies StepPart];
    });
  }

  /** An engine whose numbers depend on the pieces in which a prompt is read gets the same pieces in any company. */
  private divide(candidates: readonly PrefillCandidate<Generation>[], isLarge: boolean): Map<Generation, number> {
    if (!this.isShared) return new Map(candidates.map(({ reads }) => [reads, LARGE_PIECE_TOKENS]));
    return planPrefill(candidates, isLarge ? LARGE_PIECE_TOKENS : PIECE_TOKENS);
  }

  private async candidates(open: readonly Generation[]): Promise<PrefillCandidate<Generation>[]> {
    const candidates: PrefillCandidate<Generation>[] = [];
    let copies = COPIED_TOKENS;
    for (const generation of open) {
      if (generation.unread === 0) continue;
      const found = generation.begun ? null : this.find(generation);
      if (found?.reader) {
        candidates.push({ reads: found.reader, unread: generation.unread - found.length });
      } else if (!found || copies > 0) {
        if (found) await this.safely(generation, () => this.begin(generation, found));
        copies -= found?.length ?? 0;
        candidates.push({ reads: generation, unread: generation.unread });
      }
    }
    return candidates;
  }

  private find({ weightsKey, text, shareable }: Generation): FoundPrefix<Generation> {
    if (weightsKey === null) return { length: 0, source: null, reader: null };
    return this.options.prefixes.find(weightsKey, text, shareable);
  }

  private async begin(generation: Generation, { source, length }: FoundPrefix<Generation>): Promise<void> {
    generation.begun = true;
    if (source) {
      const empty = generation.sequence;
      const [fork] = await this.engine.forkSequence(source.sequence, 1, length);
      generation.continueFrom(fork!, length);
      await this.engine.closeSequences([empty]);
    }
    if (generation.weightsKey !== null) {
      this.options.prefixes.register(generation.weightsKey, generation.text, generation);
    }
  }

  private async safely(generation: Generation, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.options.onError(generation, error);
    }
  }

  private get isShared(): boolean {
    return this.engine.capabilities.batching !== 'off';
  }
}
