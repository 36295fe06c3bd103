/**
 * The functions that work on each number by itself: value and derivatives. `out` is the value that was computed. At
 * kinks the derivatives are those of PyTorch: equal arguments of min and max share the gradient, clip passes it on at
 * its bounds, abs and relu have 0.
 */
export interface Elementwise {
  readonly description: string;
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

function unary(description: string, compute: (x: number) => number, partial: Partial): Elementwise {
  return { description, args: NUMBER, result: 'number', compute, partials: [partial] };
}

function comparison(description: string, holds: (x: number, y: number) => boolean): Elementwise {
  const compute = (x: number, y: number) => Number(holds(x, y));
  return { description, args: NUMBERS, result: 'condition', compute, partials: [null, null] };
}

function logical(description: string, count: 1 | 2, compute: (x: number, y: number) => number): Elementwise {
  const args = new Array<'condition'>(count).fill('condition');
  return { description, args, result: 'condition', compute, partials: args.map(() => null) };
}

/** log(1 + exp(x)) without overflow. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

export const ELEMENTWISE: ReadonlyMap<string, Elementwise> = new Map<string, Elementwise>([
  ['+', binary('sum', (x, y) => x + y, [() => 1, () => 1])],
  ['-', binary('difference', (x, y) => x - y, [() => 1, () => -1])],
  ['*', binary('product', (x, y) => x * y, [(_x, y) => y, (x) => x])],
  ['/', binary('quotient', (x, y) => x / y, [(_x, y) => 1 / y, (_x, y, _z, out) => -out / y])],
  ['**', binary('power', (x, y) => x ** y, [(x, y) => (y === 0 ? 0 : y * x ** (y - 1)), powerByExponent])],
  [
    'negate',
    unary(
      '-x',
      (x) => -x,
      () => -1,
    ),
  ],
  ['<', comparison('less', (x, y) => x < y)],
  ['<=', comparison('less or equal', (x, y) => x <= y)],
  ['>', comparison('greater', (x, y) => x > y)],
  ['>=', comparison('greater or equal', (x, y) => x >= y)],
  ['==', comparison('equal', (x, y) => x === y)],
  ['!=', comparison('not equal', (x, y) => x !== y)],
  ['and', logical('both hold', 2, (x, y) => x * y)],
  ['or', logical('one holds or both', 2, (x, y) => Math.max(x, y))],
  ['not', logical('does not hold', 1, (x) => 1 - x)],
  ['exp', unary('e to the x', Math.exp, (_x, _y, _z, out) => out)],
  ['expm1', unary('exp(x) - 1, exact for small x', Math.expm1, (x) => Math.exp(x))],
  ['log', unary('natural logarithm', Math.log, (x) => 1 / x)],
  ['log1p', unary('log(1 + x), exact for small x', Math.log1p, (x) => 1 / (1 + x))],
  ['sqrt', unary('square root', Math.sqrt, (_x, _y, _z, out) => 0.5 / out)],
  [
    'square',
    unary(
      'x times x',
      (x) => x * x,
      (x) => 2 * x,
    ),
  ],
  ['abs', unary('absolute value', Math.abs, (x) => Math.sign(x))],
  ['tanh', unary('hyperbolic tangent', Math.tanh, (_x, _y, _z, out) => 1 - out * out)],
  ['sigmoid', unary('1 / (1 + exp(-x))', sigmoid, (_x, _y, _z, out) => out * (1 - out))],
  [
    'log_sigmoid',
    unary(
      'log(sigmoid(x)), without overflow',
      (x) => -softplus(-x),
      (x) => sigmoid(-x),
    ),
  ],
  ['softplus', unary('log(1 + exp(x)), without overflow', softplus, (x) => sigmoid(x))],
  [
    'relu',
    unary(
      'max(x, 0)',
      (x) => Math.max(x, 0),
      (x) => Number(x > 0),
    ),
  ],
  ['min', binary('the smaller one', Math.min, [(x, y) => share(x, y, x < y), (x, y) => share(x, y, y < x)])],
  ['max', binary('the larger one', Math.max, [(x, y) => share(x, y, x > y), (x, y) => share(x, y, y > x)])],
  [
    'clip',
    {
      description: 'x, but at least low and at most high: clip(x, low, high)',
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
      description: 'x where the condition holds, else y: where(condition, x, y)',
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

function binary(
  description: string,
  compute: (x: number, y: number) => number,
  partials: readonly [Partial, Partial],
): Elementwise {
  return { description, args: NUMBERS, result: 'number', compute, partials };
}
