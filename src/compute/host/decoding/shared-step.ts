import { type ModelEngine, type NextToken } from '../../model-engine.js';
import { type TokenShare } from '../fair-shares.js';
import { type Generation } from './generation.js';
import { type Move } from './held-sequence.js';

/** What one generation brings into a step. */
export interface StepPart {
  readonly generation: Generation;
  readonly moves: readonly Move[];
  /** Hands over what comes next, in one list for each move. */
  readonly take: (next: readonly (readonly NextToken[])[]) => void;
}

/** What has become of a part; `take` draws its tokens and throws what is wrong with it. */
export interface StepOutcome {
  readonly generation: Generation;
  readonly take: () => void;
}

/** What is charged for a part. */
export function tokensOf({ generation, moves }: StepPart): TokenShare {
  return { owner: generation.owner, tokens: moves.reduce((sum, { tokens }) => sum + tokens.length, 0) };
}

/**
 * Makes one call of the engine for all parts. Where it fails, each part is tried alone, so that it fails for those only that
 * are the reason.
 */
export async function advanceTogether(engine: ModelEngine, parts: readonly StepPart[]): Promise<StepOutcome[]> {
  try {
    const next = await advance(engine, parts);
    let taken = 0;
    return parts.map((part) => {
      const own = next.slice(taken, (taken += part.moves.length));
      return { generation: part.generation, take: () => takePart(part, own) };
    });
  } catch (error) {
    return parts.length === 1 ? [failed(parts[0]!, error)] : advanceOneByOne(engine, parts);
  }
}

/** Rows of logits are valid until the next call, so tokens are drawn at once. */
async function advanceOneByOne(engine: ModelEngine, parts: readonly StepPart[]): Promise<StepOutcome[]> {
  const outcomes: StepOutcome[] = [];
  for (const part of parts) {
    try {
      for (const { held } of part.moves) await restore(engine, held);
      takePart(part, await advance(engine, [part]));
      outcomes.push({ generation: part.generation, take: () => undefined });
    } catch (error) {
      outcomes.push(failed(part, error));
    }
  }
  return outcomes;
}

/** Nobody knows whether a call that failed has appended something. */
async function restore(engine: ModelEngine, held: Move['held']): Promise<void> {
  const [fork] = await engine.forkSequence(held.sequence, 1, held.length);
  const replaced = held.sequence;
  held.sequence = fork!;
  await engine.closeSequences([replaced]);
}

function advance(engine: ModelEngine, parts: readonly StepPart[]): Promise<readonly (readonly NextToken[])[]> {
  const moves = parts.flatMap((part) => part.moves);
  return engine.advance(moves.map(({ held, ...input }) => ({ sequence: held.sequence, ...input })));
}

function takePart({ moves, take }: StepPart, next: readonly (readonly NextToken[])[]): void {
  for (const { held, tokens } of moves) held.length += tokens.length;
  take(next);
}

function failed({ generation }: StepPart, error: unknown): StepOutcome {
  return {
    generation,
    take: () => {
      throw error;
    },
  };
}
