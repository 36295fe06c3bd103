import { rowWidth } from '../../domain/ragged-tensor.js';
import { type PassItem, type PassRun, type RunLogprobs, type RunPart, type RunSlopes } from '../model-engine.js';
import { type DatumLogprobs } from './ranks/rank-calls.js';
import { DatumExceedsDeviceError, DeviceMemoryError } from './torch.errors.js';

/** The calls that a pass makes of the ranks. */
export interface PassCalls {
  forward(parts: readonly RunPart[]): Promise<DatumLogprobs>;
  backward(dLogprobs: readonly Float32Array[]): Promise<void>;
  fused(parts: readonly RunPart[], slopes: readonly RunSlopes[]): Promise<DatumLogprobs>;
}

/** A stretch of the datums of one part of a run. */
interface Stretch {
  readonly part: number;
  readonly item: number;
  readonly datums: readonly number[];
  /** Index of the first one in the part. */
  readonly from: number;
}

/** What of a run the ranks compute at once: all of it, until they run out of memory. */
type Piece = readonly Stretch[];

/**
 * One pass and its runs. A run for which the ranks lack memory goes in two halves from then on, and so forth down to single
 * datums; a run in several pieces makes each forward again right before its backward.
 */
export class TorchPass {
  private readonly pieces = new Map<number, readonly Piece[]>();

  constructor(
    private readonly items: readonly PassItem[],
    readonly runs: readonly PassRun[],
    private readonly calls: PassCalls,
  ) {}

  async forward(run: number): Promise<RunLogprobs> {
    const found = this.emptyResult(run);
    await this.eachPiece(run, async (piece) => this.put(found, piece, await this.calls.forward(partsOf(piece))));
    return joined(found);
  }

  /** Its forward was the last call, so a run in one piece needs not make it again. */
  async backward(run: number, dLogprobs: readonly Float32Array[]): Promise<void> {
    let isFresh = this.piecesOf(run).length === 1;
    await this.eachPiece(run, async (piece) => {
      if (!isFresh) await this.calls.forward(partsOf(piece));
      isFresh = false;
      await this.calls.backward(piece.map((stretch) => this.cut(run, dLogprobs[stretch.part]!, stretch)));
    });
  }

  async fused(run: number, slopes: readonly RunSlopes[]): Promise<RunLogprobs> {
    const found = this.emptyResult(run);
    await this.eachPiece(run, async (piece) => {
      const own = piece.map((stretch) => this.cutSlopes(run, slopes[stretch.part]!, stretch));
      this.put(found, piece, await this.calls.fused(partsOf(piece), own));
    });
    return joined(found);
  }

  /** Works through the pieces of a run in order; one that takes too much memory is halved, and goes on as two. */
  private async eachPiece(run: number, work: (piece: Piece) => Promise<void>): Promise<void> {
    const done: Piece[] = [];
    const left = [...this.piecesOf(run)];
    for (let piece = left.shift(); piece; piece = left.shift()) {
      try {
        await work(piece);
        done.push(piece);
      } catch (error) {
        if (!(error instanceof DeviceMemoryError)) throw error;
        const [first, second] = this.halves(piece);
        left.unshift(first, second);
        this.pieces.set(run, [...done, ...left]);
      }
    }
  }

  private piecesOf(run: number): readonly Piece[] {
    return (
      this.pieces.get(run) ?? [this.partsOfRun(run).map(({ item, datums }, part) => ({ part, item, datums, from: 0 }))]
    );
  }

  private partsOfRun(run: number): readonly RunPart[] {
    const found = this.runs[run];
    if (!found) throw new Error(`The pass has no run ${run}.`);
    return found.parts;
  }

  /** @throws DatumExceedsDeviceError when the piece is a single datum */
  private halves(piece: Piece): [Piece, Piece] {
    const count = piece.reduce((sum, { datums }) => sum + datums.length, 0);
    if (count === 1) {
      const { item, datums } = piece[0]!;
      const { offsets } = this.items[item]!.tokens;
      throw new DatumExceedsDeviceError(datums[0]!, offsets[datums[0]! + 1]! - offsets[datums[0]!]!);
    }
    return [slice(piece, 0, Math.ceil(count / 2)), slice(piece, Math.ceil(count / 2), count)];
  }

  /** By part and index of the datum in it. */
  private emptyResult(run: number): Float32Array[][] {
    return this.partsOfRun(run).map(() => []);
  }

  private put(found: Float32Array[][], piece: Piece, logprobs: DatumLogprobs): void {
    piece.forEach(({ part, from }, i) => {
      logprobs[i]!.forEach(({ data }, datum) => (found[part]![from + datum] = data));
    });
  }

  /** The numbers of a stretch, from those of its whole part. */
  private cut(run: number, numbers: Float32Array, { part, from, datums }: Stretch): Float32Array {
    const { item, datums: all } = this.partsOfRun(run)[part]!;
    if (datums.length === all.length) return numbers;
    const counts = all.map((datum) => this.numbersOf(item, datum));
    const sum = (list: readonly number[]) => list.reduce((total, count) => total + count, 0);
    const start = sum(counts.slice(0, from));
    return numbers.subarray(start, start + sum(counts.slice(from, from + datums.length)));
  }

  private cutSlopes(run: number, { terms, ...numbers }: RunSlopes, stretch: Stretch): RunSlopes {
    const cut = (all: Float32Array) => this.cut(run, all, stretch);
    const { weights, samplerLogprobs, advantages } = numbers;
    return { terms, weights: cut(weights), samplerLogprobs: cut(samplerLogprobs), advantages: cut(advantages) };
  }

  /** How many log-probs a datum has. */
  private numbersOf(item: number, datum: number): number {
    const { tokens, targets, scored } = this.items[item]!;
    const flags = scored.subarray(tokens.offsets[datum], tokens.offsets[datum + 1]);
    return flags.reduce((sum, flag) => sum + flag, 0) * rowWidth(targets);
  }
}

function partsOf(piece: Piece): RunPart[] {
  return piece.map(({ item, datums }) => ({ item, datums }));
}

/** The stretches of the datums from index `start` to `end` of the piece. */
function slice(piece: Piece, start: number, end: number): Piece {
  let at = 0;
  return piece.flatMap((stretch) => {
    const { datums, from } = stretch;
    const [first, last] = [Math.max(0, start - at), Math.min(datums.length, end - at)];
    at += datums.length;
    return first < last ? [{ ...stretch, datums: datums.slice(first, last), from: from + first }] : [];
  });
}

function joined(found: readonly (readonly Float32Array[])[]): RunLogprobs {
  return found.map((datums) => {
    const all = new Float32Array(datums.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const data of datums) {
      all.set(data, at);
      at += data.length;
    }
    return all;
  });
}
