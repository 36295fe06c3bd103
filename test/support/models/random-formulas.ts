/**
 * Random formulas of the language that losses are written in: a grammar of typed terms, their text with as few brackets
 * as Python's precedence allows, and an evaluator that follows the terms. Shares no code with the language itself.
 */
export type TermShape = 'one' | 'datum' | 'token';
export type TermType = 'number' | 'condition';

export interface Term {
  readonly op: string;
  readonly args: readonly Term[];
  readonly shape: TermShape;
  readonly type: TermType;
}

/** Numbers in [0, 1) from a seed (mulberry32, public domain). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function pick<T>(random: () => number, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)]!;
}

const LEAVES = {
  one: ['0', '1', '0.5', '2', '3.25', '1e-3', 'beta', 'token_count', 'position_count', 'datum_count'],
  datum: ['pair', 'score'],
  token: ['target_logprobs', 'target_logprobs', 'logprobs', 'advantages', 'weights'],
} as const;
const UNARY = ['negate', 'exp', 'expm1', 'log', 'log1p', 'sqrt', 'square', 'abs'];
const MORE_UNARY = ['tanh', 'sigmoid', 'log_sigmoid', 'softplus', 'relu'];
const BINARY = ['+', '-', '*', '/', '**', 'min', 'max'];
const COMPARISONS = ['<', '<=', '>', '>=', '==', '!='];
const REDUCTIONS = ['sum', 'mean', 'min', 'max', 'logsumexp'];
const SHAPES: readonly TermShape[] = ['one', 'datum', 'token'];

/** A term of this type and shape, at most `depth` calls deep. */
export function randomTerm(random: () => number, type: TermType, shape: TermShape, depth: number): Term {
  if (type === 'condition') return randomCondition(random, shape, depth);
  const chance = random();
  if (depth <= 0 || chance < 0.1) return { op: pick(random, LEAVES[shape]), args: [], shape, type };
  if (shape !== 'token' && chance < 0.5) return randomReduction(random, shape, depth - 1);
  const call = (op: string, types: readonly TermType[]) => randomCall(random, { op, shape, type }, types, depth - 1);
  if (chance < 0.65) return call(pick(random, [...UNARY, ...MORE_UNARY]), ['number']);
  if (chance < 0.9) return call(pick(random, BINARY), ['number', 'number']);
  if (chance < 0.93) return call('clip', ['number', 'number', 'number']);
  if (chance < 0.97) return call('where', ['condition', 'number', 'number']);
  return call('stop_gradient', ['number']);
}

function randomCondition(random: () => number, shape: TermShape, depth: number): Term {
  const type = 'condition';
  const chance = depth <= 1 ? 0 : random();
  const call = (op: string, types: readonly TermType[]) => randomCall(random, { op, shape, type }, types, depth - 1);
  if (shape === 'one' && chance > 0.9) return { op: 'given(weights)', args: [], shape, type };
  if (chance < 0.7) return call(pick(random, COMPARISONS), ['number', 'number']);
  if (chance < 0.8) return call('not', ['condition']);
  return call(pick(random, ['and', 'or']), ['condition', 'condition']);
}

/** Arguments of any shape that fits, one of them of the wanted one. */
function randomCall(random: () => number, head: Omit<Term, 'args'>, types: readonly TermType[], depth: number): Term {
  const full = Math.floor(random() * types.length);
  const fitting = SHAPES.slice(0, SHAPES.indexOf(head.shape) + 1);
  const args = types.map((type, i) => randomTerm(random, type, i === full ? head.shape : pick(random, fitting), depth));
  return { ...head, args };
}

function randomReduction(random: () => number, shape: 'one' | 'datum', depth: number): Term {
  const name = pick(random, REDUCTIONS);
  const takesConditions = name === 'sum' || name === 'mean';
  const type = takesConditions && random() < 0.2 ? 'condition' : 'number';
  if (shape === 'one') {
    const inner = randomTerm(random, type, pick(random, ['datum', 'token']), depth);
    return { op: name, args: [inner], shape, type: 'number' };
  }
  const perGroup = random() < 0.5;
  const args = [randomTerm(random, type, perGroup ? 'datum' : 'token', depth)];
  if (perGroup) args.push({ op: 'pair', args: [], shape: 'datum', type: 'number' });
  return { op: `${perGroup ? 'group' : 'datum'}_${name}`, args, shape, type: 'number' };
}

/** How tightly Python's operators bind; what is not here is a call. */
const BINDING: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  not: 3,
  ...Object.fromEntries(COMPARISONS.map((op) => [op, 4])),
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  negate: 7,
  '**': 8,
};

export function textOf(term: Term): string {
  const { op, args } = term;
  const own = BINDING[op];
  if (args.length === 0) return op;
  if (own === undefined) return `${op}(${args.map(textOf).join(', ')})`;
  const [first, second] = args;
  if (op === 'negate') return `-${inBrackets(first!, 7)}`;
  if (op === 'not') return `not ${inBrackets(first!, 3)}`;
  // ** takes a sign or another ** on its right; comparisons have no chains; the others join from the left.
  if (op === '**') return `${inBrackets(first!, 9)} ** ${inBrackets(second!, 7)}`;
  if (own === 4) return `${inBrackets(first!, 5)} ${op} ${inBrackets(second!, 5)}`;
  return `${inBrackets(first!, own)} ${op} ${inBrackets(second!, own + 1)}`;
}

function inBrackets(term: Term, atLeast: number): string {
  const isOperator = term.args.length > 0 && BINDING[term.op] !== undefined;
  return isOperator && BINDING[term.op]! < atLeast ? `(${textOf(term)})` : textOf(term);
}

/** What a formula is evaluated on: numbers of the tokens that count, by name, and the datum of each. */
export interface FormulaData {
  readonly tokens: Readonly<Record<string, readonly number[]>>;
  readonly datums: Readonly<Record<string, readonly number[]>>;
  readonly numbers: Readonly<Record<string, number>>;
  readonly datumOf: readonly number[];
}

const CALLS: Readonly<Record<string, (x: number, y: number, z: number) => number>> = {
  '+': (x, y) => x + y,
  '-': (x, y) => x - y,
  '*': (x, y) => x * y,
  '/': (x, y) => x / y,
  '**': (x, y) => Math.pow(x, y),
  negate: (x) => -x,
  '<': (x, y) => Number(x < y),
  '<=': (x, y) => Number(x <= y),
  '>': (x, y) => Number(x > y),
  '>=': (x, y) => Number(x >= y),
  '==': (x, y) => Number(x === y),
  '!=': (x, y) => Number(x !== y),
  and: (x, y) => Number(x !== 0 && y !== 0),
  or: (x, y) => Number(x !== 0 || y !== 0),
  not: (x) => Number(x === 0),
  exp: (x) => Math.exp(x),
  expm1: (x) => Math.expm1(x),
  log: (x) => Math.log(x),
  log1p: (x) => Math.log1p(x),
  sqrt: (x) => Math.sqrt(x),
  square: (x) => x ** 2,
  abs: (x) => Math.abs(x),
  tanh: (x) => Math.tanh(x),
  sigmoid: (x) => (1 + Math.tanh(x / 2)) / 2,
  log_sigmoid: (x) => (x < -30 ? x : -Math.log1p(Math.exp(-x))),
  softplus: (x) => (x > 30 ? x : Math.log1p(Math.exp(x))),
  relu: (x) => (x < 0 ? 0 : x),
  min: (x, y) => Math.min(x, y),
  max: (x, y) => Math.max(x, y),
  clip: (x, low, high) => Math.min(Math.max(x, low), high),
  where: (condition, x, y) => (condition ? x : y),
  stop_gradient: (x) => x,
};

/** The values of a term: one, one per datum, or one per token. */
export function evaluateTerm(term: Term, data: FormulaData): readonly number[] {
  const { op, args, shape } = term;
  if (args.length === 0) return leafValues(op, shape, data);
  const [, prefix = '', name = op] = /^(datum|group)_(\w+)$/.exec(op) ?? [];
  const values = args.map((arg) => evaluateTerm(arg, data));
  const isReduction = prefix !== '' || (args.length === 1 && REDUCTIONS.includes(op));
  if (!isReduction) return evaluateCall(term, values, data);
  if (prefix === '') return [reduce(name, values[0]!, Number.NaN)];
  const keys = prefix === 'datum' ? data.datumOf : values[1]!;
  const wanted = prefix === 'datum' ? data.datums.pair!.map((_, datum) => datum) : values[1]!;
  const members = (key: number) => values[0]!.filter((_, i) => keys[i] === key);
  return wanted.map((key) => reduce(name, members(key), 0));
}

function leafValues(name: string, shape: TermShape, data: FormulaData): readonly number[] {
  if (shape === 'token') return data.tokens[name]!;
  if (shape === 'datum') return data.datums[name]!;
  return [data.numbers[name] ?? Number(name)];
}

function evaluateCall({ op, args, shape }: Term, values: readonly (readonly number[])[], data: FormulaData) {
  const size = { one: 1, datum: data.datums.pair!.length, token: data.datumOf.length }[shape];
  const at = (arg: number, i: number): number => {
    const own = args[arg]?.shape;
    if (own === undefined) return Number.NaN;
    return values[arg]![own === shape ? i : own === 'one' ? 0 : data.datumOf[i]!]!;
  };
  return Array.from({ length: size }, (_, i) => CALLS[op]!(at(0, i), at(1, i), at(2, i)));
}

function reduce(name: string, values: readonly number[], ofNothing: number): number {
  const sum = values.reduce((total, value) => total + value, 0);
  if (name === 'sum') return sum;
  if (name === 'logsumexp') {
    const top = Math.max(...values);
    if (!Number.isFinite(top)) return top;
    return top + Math.log(values.reduce((total, value) => total + Math.exp(value - top), 0));
  }
  if (values.length === 0) return ofNothing;
  return name === 'mean' ? sum / values.length : name === 'min' ? Math.min(...values) : Math.max(...values);
}
