/**
 * The functions that work on each number by itself: value and derivatives. `out` is the value that was computed. At
 * kinks the derivatives are those of PyTorch: equal arguments of min and max share the gradient, clip passes it on at
 * its bounds, abs and relu have 0.
 */
export interface Elementwise {
  /** What each argument is; the length is the number of arguments. */
  readonly args: readonly ('number' | 'condition')[];
  readonly result: 'number' | 'condition';
  readonly compute: (x: number, y: number, z: number) => number;
  /** d value / d argument, one function per argument; null where it is 0 everywhere. */
  readonly partials: readonly (Partial | null)[];
}

type Partial = (x: number, y: number, z: number, out: number) => number;

const NUMBER = ['number'] as const;
const NUMBERS = ['number', 'number'] as const;
const share = (x: number, y: number, wins: boolean): number => (x === y ? 0.5 : Number(wins));

function unary(compute: (x: number) => number, partial: Partial): Elementwise {
  return { args: NUMBER, result: 'number', compute, partials: [partial] };
}

function comparison(holds: (x: number, y: number) => boolean): Elementwise {
  const compute = (x: number, y: number) => Number(holds(x, y));
  return { args: NUMBERS, result: 'condition', compute, partials: [null, null] };
}

function logical(count: 1 | 2, compute: (x: number, y: number) => number): Elementwise {
  const args = new Array<'condition'>(count).fill('condition');
  return { args, result: 'condition', compute, partials: args.map(() => null) };
}

/** log(1 + exp(x)), without overflow. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

export const ELEMENTWISE: ReadonlyMap<string, Elementwise> = new Map<string, Elementwise>([
  ['+', binary((x, y) => x + y, [() => 1, () => 1])],
  ['-', binary((x, y) => x - y, [() => 1, () => -1])],
  ['*', binary((x, y) => x * y, [(_x, y) => y, (x) => x])],
  ['/', binary((x, y) => x / y, [(_x, y) => 1 / y, (_x, y, _z, out) => -out / y])],
  ['**', binary((x, y) => x ** y, [(x, y) => (y === 0 ? 0 : y * x ** (y - 1)), powerByExponent])],
  [
    'negate',
    unary(
      (x) => -x,
      () => -1,
    ),
  ],
  ['<', comparison((x, y) => x < y)],
  ['<=', comparison((x, y) => x <= y)],
  ['>', comparison((x, y) => x > y)],
  ['>=', comparison((x, y) => x >= y)],
  ['==', comparison((x, y) => x === y)],
  ['!=', comparison((x, y) => x !== y)],
  ['and', logical(2, (x, y) => x * y)],
  ['or', logical(2, (x, y) => Math.max(x, y))],
  ['not', logical(1, (x) => 1 - x)],
  ['exp', unary(Math.exp, (_x, _y, _z, out) => out)],
  ['expm1', unary(Math.expm1, (x) => Math.exp(x))],
  ['log', unary(Math.log, (x) => 1 / x)],
  ['log1p', unary(Math.log1p, (x) => 1 / (1 + x))],
  ['sqrt', unary(Math.sqrt, (_x, _y, _z, out) => 0.5 / out)],
  [
    'square',
    unary(
      (x) => x * x,
      (x) => 2 * x,
    ),
  ],
  ['abs', unary(Math.abs, (x) => Math.sign(x))],
  ['tanh', unary(Math.tanh, (_x, _y, _z, out) => 1 - out * out)],
  ['sigmoid', unary(sigmoid, (_x, _y, _z, out) => out * (1 - out))],
  [
    'log_sigmoid',
    unary(
      (x) => -softplus(-x),
      (x) => sigmoid(-x),
    ),
  ],
  ['softplus', unary(softplus, (x) => sigmoid(x))],
  [
    'relu',
    unary(
      (x) => Math.max(x, 0),
      (x) => Number(x > 0),
    ),
  ],
  ['min', binary(Math.min, [(x, y) => share(x, y, x < y), (x, y) => share(x, y, y < x)])],
  ['max', binary(Math.max, [(x, y) => share(x, y, x > y), (x, y) => share(x, y, y > x)])],
  [
    'clip',
    {
      args: ['number', 'number', 'number'],
      result: 'number',
      compute: (x, low, high) => Math.min(Math.max(x, low), high),
      partials: [
        (x, low, high) => Number(x >= low && x <= high),
        (x, low, high) => Number(x < low && low <= high),
        (x, low, high) => Number(x > high || low > high),
      ],
    },
  ],
  [
    'where',
    {
      args: ['condition', 'number', 'number'],
      result: 'number',
      compute: (condition, x, y) => (condition === 0 ? y : x),
      partials: [null, (condition) => Number(condition !== 0), (condition) => Number(condition === 0)],
    },
  ],
]);

function powerByExponent(x: number, y: number, _z: number, out: number): number {
  return x === 0 && y >= 0 ? 0 : out * Math.log(x);
}

function binary(compute: (x: number, y: number) => number, partials: readonly [Partial, Partial]): Elementwise {
  return { args: NUMBERS, result: 'number', compute, partials };
}
