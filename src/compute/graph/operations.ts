import { broadcast, type Dim, product, sameShape, type Shape } from './dim.js';
import { type Graph, type Operation, type Tensor } from './graph.js';

/**
 * The operations of the graph. Each checks its inputs' shapes when it is recorded and, where a gradient can pass,
 * leaves the rule for it. Gradient rules record ordinary operations, so a backward pass is just more graph.
 */
export class Operations {
  constructor(readonly graph: Graph) {}

  /** a b over the last two axes, with leading batch axes equal on both sides (or b without any). */
  matmul(a: Tensor, b: Tensor, options: { transposeA?: boolean; transposeB?: boolean; alpha?: number } = {}): Tensor {
    const { transposeA = false, transposeB = false, alpha = 1 } = options;
    const [rows, inner] = lastTwo(a.shape, transposeA);
    const [innerB, columns] = lastTwo(b.shape, transposeB);
    const batch = a.shape.slice(0, -2);
    if (inner !== innerB || (b.shape.length > 2 && !sameShape(batch, b.shape.slice(0, -2)))) {
      throw shapeError('matmul', a.shape, b.shape);
    }
    const result = this.record({ op: 'matmul', transposeA, transposeB, alpha }, [a, b], [...batch, rows, columns]);
    return this.rule(result, (gradient) => {
      const gradientA = () =>
        transposeA
          ? this.matmul(b, gradient, { transposeA: transposeB, transposeB: true, alpha })
          : this.matmul(gradient, b, { transposeB: !transposeB, alpha });
      const gradientB = () => {
        if (b.shape.length !== a.shape.length) throw new Error('No gradient rule for a broadcast right factor.');
        const left = a.again?.(gradient) ?? a;
        return transposeB
          ? this.matmul(gradient, left, { transposeA: true, transposeB: transposeA, alpha })
          : this.matmul(left, gradient, { transposeA: !transposeA, alpha });
      };
      return [...whenTrainable(a, gradientA), ...whenTrainable(b, gradientB)];
    });
  }

  add(a: Tensor, b: Tensor): Tensor {
    const result = this.elementwise('add', a, b);
    return this.rule(result, (gradient) => [
      ...whenTrainable(a, () => this.sumTo(gradient, a.shape)),
      ...whenTrainable(b, () => this.sumTo(gradient, b.shape)),
    ]);
  }

  sub(a: Tensor, b: Tensor): Tensor {
    const result = this.elementwise('sub', a, b);
    return this.rule(result, (gradient) => [
      ...whenTrainable(a, () => this.sumTo(gradient, a.shape)),
      ...whenTrainable(b, () => this.sumTo(this.neg(gradient), b.shape)),
    ]);
  }

  mul(a: Tensor, b: Tensor): Tensor {
    const result = this.elementwise('mul', a, b);
    return this.rule(result, (gradient) => [
      ...whenTrainable(a, () => this.sumTo(this.mul(gradient, b), a.shape)),
      ...whenTrainable(b, () => this.sumTo(this.mul(gradient, a), b.shape)),
    ]);
  }

  scale(x: Tensor, factor: number): Tensor {
    return this.mul(x, this.graph.scalar(factor));
  }

  neg(x: Tensor): Tensor {
    const result = this.record({ op: 'neg' }, [x], x.shape);
    return this.rule(result, (gradient) => [{ of: x, gradient: this.neg(gradient) }]);
  }

  minimum(a: Tensor, b: Tensor): Tensor {
    return this.elementwise('minimum', a, b);
  }

  maximum(a: Tensor, b: Tensor): Tensor {
    return this.elementwise('maximum', a, b);
  }

  greater(a: Tensor, b: Tensor): Tensor {
    return this.elementwise('greater', a, b);
  }

  exp(x: Tensor): Tensor {
    const result = this.record({ op: 'exp' }, [x], x.shape);
    return this.rule(result, (gradient) => [{ of: x, gradient: this.mul(gradient, result) }]);
  }

  log(x: Tensor): Tensor {
    return this.record({ op: 'log' }, [x], x.shape);
  }

  /** x again: the gradients of what reads the result are added up before they join those of x. */
  identity(x: Tensor): Tensor {
    if (!x.trainable) return x;
    const result = this.record({ op: 'identity' }, [x], x.shape);
    result.again = x.again;
    return this.rule(result, (gradient) => [{ of: x, gradient }]);
  }

  sigmoid(x: Tensor): Tensor {
    return this.record({ op: 'sigmoid' }, [x], x.shape);
  }

  softmax(x: Tensor): Tensor {
    const result = this.record({ op: 'softmax' }, [x], x.shape);
    return this.rule(result, (gradient) => {
      const inner = this.reduceSum(this.mul(gradient, result), -1);
      return [{ of: x, gradient: this.mul(result, this.sub(gradient, inner)) }];
    });
  }

  /** Sum over one axis, which stays with size 1. */
  reduceSum(x: Tensor, axis: number): Tensor {
    return this.reduce('reduceSum', x, axis);
  }

  reduceMean(x: Tensor, axis: number): Tensor {
    return this.reduce('reduceMean', x, axis);
  }

  reduceMax(x: Tensor, axis: number): Tensor {
    return this.reduce('reduceMax', x, axis);
  }

  reshape(x: Tensor, shape: Shape): Tensor {
    if (product(...x.shape) !== product(...shape)) throw shapeError('reshape', x.shape, shape);
    if (sameShape(x.shape, shape)) return x;
    const result = this.record({ op: 'reshape', shape }, [x], shape);
    return this.rule(result, (gradient) => [{ of: x, gradient: this.reshape(gradient, x.shape) }]);
  }

  transpose(x: Tensor, permutation: readonly number[]): Tensor {
    const shape = permutation.map((axis) => x.shape[axis]!);
    const result = this.record({ op: 'transpose', permutation }, [x], shape);
    const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
    return this.rule(result, (gradient) => [{ of: x, gradient: this.transpose(gradient, inverse) }]);
  }

  /** Joins tensors along an axis whose joint size is given, since symbolic sizes cannot be added. */
  concat(parts: readonly Tensor[], axis: number, size: Dim): Tensor {
    const shape = parts[0]!.shape.with(axis, size);
    return this.record({ op: 'concat', axis }, parts, shape);
  }

  /** Pieces of x along an axis; `sizes` (i32, fed at run time) holds their sizes, `dims` their symbols. */
  split(x: Tensor, axis: number, sizes: Tensor, dims: readonly Dim[]): readonly Tensor[] {
    const positive = axis < 0 ? axis + x.shape.length : axis;
    const shapes = dims.map((size) => x.shape.with(positive, size));
    return this.graph.node({ op: 'split', axis: positive, parts: dims.length }, [x, sizes], shapes);
  }

  /**
   * Rows of x by index; -1 stands for a row of zeros where `zeroFill` is set and for a row of no meaning where not.
   * When x is trainable, `inverse.index` must list for every row of x its row in the result (-1: none), so that
   * the gradient is a gather too; every row of x is taken at most once. Rows are counted as if `index` had one axis.
   * `inverse.complete` promises that it has no -1.
   */
  gatherRows(
    x: Tensor,
    index: Tensor,
    options: { zeroFill?: boolean; inverse?: { index: Tensor; complete: boolean } } = {},
  ): Tensor {
    const { zeroFill = false, inverse } = options;
    const shape = [...index.shape, ...x.shape.slice(1)];
    const result = this.record({ op: 'gatherRows', zeroFill }, [x, index], shape);
    const { again } = x;
    if (again)
      result.again = once((after) => this.record({ op: 'gatherRows', zeroFill }, [again(after), index], shape));
    return this.rule(result, (gradient) => {
      if (!inverse) throw new Error('A gather from a trainable tensor needs the inverse index.');
      const flat = this.reshape(gradient, [product(...index.shape), ...x.shape.slice(1)]);
      const rows = this.gatherRows(flat, inverse.index, { zeroFill: !inverse.complete });
      return [{ of: x, gradient: this.reshape(rows, x.shape) }];
    });
  }

  /**
   * The cache [B, C, P, D] with `rows` [N, C, D] written into it: rows[n, c] at the index [b, c, p] that
   * `index` (i64 [N, C, 3]) names. Rows for the same index must be equal. Fed with the same memory for the cache and, as
   * a result of the program, for what this gives, an executor may write into that memory and copy nothing.
   */
  scatterRows(cache: Tensor, index: Tensor, rows: Tensor): Tensor {
    const [, channels, , size] = cache.shape;
    const [count] = rows.shape;
    if (!sameShape(rows.shape, [count!, channels!, size!])) throw shapeError('scatterRows', cache.shape, rows.shape);
    if (!sameShape(index.shape, [count!, channels!, 3])) throw shapeError('scatterRows', index.shape, rows.shape);
    return this.record({ op: 'scatterRows' }, [cache, index, rows], cache.shape);
  }

  /** x[..., index[..., k]] of x [..., V] by an index [..., K] whose other axes are those of x. */
  gatherLast(x: Tensor, index: Tensor): Tensor {
    if (!sameShape(x.shape.slice(0, -1), index.shape.slice(0, -1)))
      throw shapeError('gatherLast', x.shape, index.shape);
    return this.record({ op: 'gatherLast' }, [x, index], index.shape);
  }

  /** 1 at the given index of a new last axis of size `depth`, else 0. */
  oneHot(index: Tensor, depth: number): Tensor {
    return this.graph.node({ op: 'oneHot', depth }, [index], [[...index.shape, depth]], 'f32')[0]!;
  }

  /** Rotation by position; the gradient is the rotation back, which is the same with -sin. */
  rope(x: Tensor, positions: Tensor, tables: { cos: Tensor; sin: Tensor; negativeSin: Tensor }): Tensor {
    const result = this.record({ op: 'rope' }, [x, positions, tables.cos, tables.sin], x.shape);
    const back = { cos: tables.cos, sin: tables.negativeSin, negativeSin: tables.sin };
    return this.rule(result, (gradient) => [{ of: x, gradient: this.rope(gradient, positions, back) }]);
  }

  /** x / rms(x) * weight over the last axis, and 1 / rms(x). */
  rmsNorm(x: Tensor, weight: Tensor, epsilon: number): { normed: Tensor; inverseRms: Tensor } {
    const shapes = [x.shape, x.shape.with(-1, 1)];
    const [normed, inverseRms] = this.graph.node({ op: 'rmsNorm', epsilon }, [x, weight], shapes);
    return { normed: normed!, inverseRms: inverseRms! };
  }

  /**
   * softmax(alpha q k') v, where a position sees itself and those before it. Queries are taken in blocks of `block`
   * positions, each with the keys up to its end, so that nothing of the masked half is computed but within a block, and
   * the scores of one block are all that is in memory. The backward computes them again.
   *
   * Row s * G + g of the queries is position s of a group's head g. S is a multiple of `block`.
   *
   * @param query [B, heads, S * G, D]
   * @param keys [B, heads, S, D]
   * @param values [B, heads, S, D]
   * @param known the result, where these inputs are those of an earlier call, recorded again
   * @returns [B, heads, S * G, D]
   */
  causalAttention(
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    { alpha, block, known }: { alpha: number; block: number; known?: Tensor | undefined },
  ): Tensor {
    const fits = (axis: number) => query.shape[axis] === keys.shape[axis];
    if (![0, 1, 3].every(fits)) throw shapeError('causalAttention', query.shape, keys.shape);
    if (!sameShape(keys.shape, values.shape)) throw shapeError('causalAttention', keys.shape, values.shape);
    const result = known
      ? this.record({ op: 'after' }, [known, query], query.shape)
      : this.record({ op: 'causalAttention', alpha, block }, [query, keys, values], query.shape);
    return this.rule(result, (gradient) => {
      const inputs = [query, keys, values];
      const all = this.graph.node(
        { op: 'causalAttentionGradients', alpha, block },
        [...inputs, result, gradient],
        inputs.map(({ shape }) => shape),
      );
      return inputs.map((of, i) => ({ of, gradient: all[i]! })).filter(({ of }) => of.trainable);
    });
  }

  /** x, but not before the other tensor is computed: keeps what is computed from it from being computed early. */
  after(x: Tensor, other: Tensor): Tensor {
    const result = this.record({ op: 'after' }, [x, other], x.shape);
    return this.rule(result, (gradient) => whenTrainable(x, () => gradient));
  }

  /**
   * Replaces the gradient rule of a computed tensor by one that knows its inputs as a whole (a composite whose gradient
   * is cheaper or more exact than that of its parts).
   */
  rule(result: Tensor, rule: NonNullable<Tensor['gradientRule']>): Tensor {
    if (result.trainable) result.gradientRule = rule;
    return result;
  }

  private elementwise(op: 'add' | 'sub' | 'mul' | 'minimum' | 'maximum' | 'greater', a: Tensor, b: Tensor): Tensor {
    return this.record({ op }, [a, b], broadcast(a.shape, b.shape));
  }

  private reduce(op: 'reduceSum' | 'reduceMean' | 'reduceMax', x: Tensor, axis: number): Tensor {
    const positive = axis < 0 ? axis + x.shape.length : axis;
    return this.record({ op, axis: positive }, [x], x.shape.with(positive, 1));
  }

  /** Sums a gradient over the axes along which its tensor was broadcast. */
  private sumTo(gradient: Tensor, shape: Shape): Tensor {
    if (sameShape(gradient.shape, shape)) return gradient;
    if (gradient.shape.length !== shape.length) throw shapeError('gradient of a broadcast', gradient.shape, shape);
    return shape.reduce<Tensor>(
      (sum, dim, axis) => (dim === sum.shape[axis] ? sum : this.reduceSum(sum, axis)),
      gradient,
    );
  }

  private record(operation: Operation, inputs: readonly Tensor[], shape: Shape): Tensor {
    return this.graph.node(operation, inputs, [shape])[0]!;
  }
}

/** What `record` gives the first time. */
export function once(record: (after: Tensor) => Tensor): (after: Tensor) => Tensor {
  let recorded: Tensor | null = null;
  return (after) => (recorded ??= record(after));
}

function lastTwo(shape: Shape, transposed: boolean): [Dim, Dim] {
  const [rows, columns] = shape.slice(-2);
  if (rows === undefined || columns === undefined) throw new Error('matmul needs at least two axes.');
  return transposed ? [columns, rows] : [rows, columns];
}

function whenTrainable(tensor: Tensor, gradient: () => Tensor): { of: Tensor; gradient: Tensor }[] {
  return tensor.trainable ? [{ of: tensor, gradient: gradient() }] : [];
}

function shapeError(what: string, a: Shape, b: Shape): Error {
  return new Error(`${what}: shapes [${a.join(', ')}] and [${b.join(', ')}] do not fit.`);
}
