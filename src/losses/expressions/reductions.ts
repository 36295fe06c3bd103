/**
 * The functions that make one number out of the numbers of a segment: of the whole batch, of a datum, or of a group of
 * datums. `values[i]` belongs to segment `segmentOf[i]`.
 */
export interface Reduction {
  readonly takesConditions: boolean;
  compute(values: Float64Array, segments: Segments): Float64Array;
  /** Adds d out / d value, times the adjoint of the segment's result, to `adjoint`. */
  backward(
    values: Float64Array,
    segments: Segments,
    out: Float64Array,
    outAdjoint: Float64Array,
    adjoint: Float64Array,
  ): void;
}

export interface Segments {
  readonly of: Int32Array;
  readonly count: number;
  /** Result of mean, min and max over an empty segment. */
  readonly ofNothing: number;
}

export const REDUCTIONS: ReadonlyMap<string, Reduction> = new Map<string, Reduction>([
  ['sum', { takesConditions: true, compute: sums, backward: sumBackward }],
  ['mean', { takesConditions: true, compute: means, backward: meanBackward }],
  ['min', extreme((x, y) => x < y)],
  ['max', extreme((x, y) => x > y)],
  [
    'logsumexp',
    {
      takesConditions: false,
      compute: logSumExps,
      backward: logSumExpBackward,
    },
  ],
]);

function sums(values: Float64Array, segments: Segments): Float64Array {
  const out = new Float64Array(segments.count);
  for (let i = 0; i < values.length; i++) out[segments.of[i]!]! += values[i]!;
  return out;
}

function sumBackward(
  values: Float64Array,
  segments: Segments,
  _out: Float64Array,
  outAdjoint: Float64Array,
  adjoint: Float64Array,
): void {
  for (let i = 0; i < values.length; i++) adjoint[i]! += outAdjoint[segments.of[i]!]!;
}

function sizes({ of, count }: Segments): Float64Array {
  const out = new Float64Array(count);
  for (let i = 0; i < of.length; i++) out[of[i]!]!++;
  return out;
}

function means(values: Float64Array, segments: Segments): Float64Array {
  const count = sizes(segments);
  return sums(values, segments).map((sum, s) => (count[s] === 0 ? segments.ofNothing : sum / count[s]!));
}

function meanBackward(
  values: Float64Array,
  segments: Segments,
  out: Float64Array,
  outAdjoint: Float64Array,
  adjoint: Float64Array,
): void {
  const count = sizes(segments);
  const shares = outAdjoint.map((value, s) => value / count[s]!);
  sumBackward(values, segments, out, shares, adjoint);
}

/** Numbers that are equally extreme share the gradient, as in PyTorch's amin and amax. */
function extreme(better: (x: number, y: number) => boolean): Reduction {
  return {
    takesConditions: false,
    compute(values, segments) {
      const out = new Float64Array(segments.count).fill(segments.ofNothing);
      const seen = new Uint8Array(segments.count);
      for (let i = 0; i < values.length; i++) {
        const s = segments.of[i]!;
        // A NaN must come out, wherever it stands: hidden in a maximum, nobody would hear of it.
        if (seen[s] === 0 || better(values[i]!, out[s]!) || Number.isNaN(values[i])) out[s] = values[i]!;
        seen[s] = 1;
      }
      return out;
    },
    backward(values, segments, out, outAdjoint, adjoint) {
      const ties = new Float64Array(segments.count);
      for (let i = 0; i < values.length; i++) if (values[i] === out[segments.of[i]!]) ties[segments.of[i]!]!++;
      for (let i = 0; i < values.length; i++) {
        const s = segments.of[i]!;
        if (values[i] === out[s]) adjoint[i]! += outAdjoint[s]! / ties[s]!;
      }
    },
  };
}

function logSumExps(values: Float64Array, segments: Segments): Float64Array {
  const top = new Float64Array(segments.count).fill(-Infinity);
  for (let i = 0; i < values.length; i++) top[segments.of[i]!] = Math.max(top[segments.of[i]!]!, values[i]!);
  // Infinity minus itself is not a number; PyTorch leaves such a top out of the shift, too.
  const shift = top.map((value) => (Math.abs(value) === Infinity ? 0 : value));
  const out = new Float64Array(segments.count);
  for (let i = 0; i < values.length; i++) out[segments.of[i]!]! += Math.exp(values[i]! - shift[segments.of[i]!]!);
  return out.map((sum, s) => shift[s]! + Math.log(sum));
}

function logSumExpBackward(
  values: Float64Array,
  segments: Segments,
  out: Float64Array,
  outAdjoint: Float64Array,
  adjoint: Float64Array,
): void {
  for (let i = 0; i < values.length; i++) {
    const s = segments.of[i]!;
    if (outAdjoint[s] !== 0) adjoint[i]! += outAdjoint[s]! * Math.exp(values[i]! - out[s]!);
  }
}
