import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  evaluateTerm,
  pick,
  randomNumbers,
  randomTerm,
  type Term,
  textOf,
} from '../../../test/support/models/random-formulas.js';
import { AppError } from '../../common/errors/app-error.js';
import { InvalidRequestError } from '../../common/errors/request.errors.js';
import { offsetsOf, type RaggedTensor } from '../../domain/ragged-tensor.js';
import { ExpressionError } from './expression.errors.js';
import { FUNCTION_NAMES } from './function-names.js';
import { checkGradient } from '../gradient-check.js';
import { NonFiniteExpressionError } from './non-finite-expression.error.js';
import { WrittenLoss } from './written-loss.js';

/* Formulas that nobody would write, from fixed seeds: what is refused is refused properly, what is taken is right. */

type Definition = ConstructorParameters<typeof WrittenLoss>[0];

const LENGTHS = [3, 1, 4, 2];
const offsets = offsetsOf(LENGTHS);
const COUNT = offsets.at(-1)!;
const WEIGHT_OF_NOTHING = 4;
const wave = (i: number, phase: number) => Math.sin(1.7 * i + phase);
const perToken = (value: (i: number) => number): RaggedTensor<Float32Array> => ({
  data: Float32Array.from({ length: COUNT }, (_, i) => value(i)),
  offsets,
  trailingShape: [],
});
const perDatum = (...values: number[]): RaggedTensor<Float32Array> => ({
  data: Float32Array.from(values),
  offsets: offsetsOf(LENGTHS.map(() => 1)),
  trailingShape: [],
});
const LOGPROBS = perToken((i) => -1.2 + wave(i, 0));
const INPUTS = {
  target_tokens: { data: new Int32Array(COUNT).fill(1), offsets, trailingShape: [] },
  logprobs: perToken((i) => -1.2 + wave(i, 0.4)),
  advantages: perToken((i) => wave(i, 2)),
  weights: perToken((i) => (i % WEIGHT_OF_NOTHING === 1 ? 0 : 1 + wave(i, 3) / 2)),
  pair: perDatum(4, 9, 4, 9),
  score: perDatum(0.3, -1.25, 2.5, 0.3),
};
const CONFIG = { beta: 0.7 };
const DECLARED = {
  config: CONFIG,
  inputs: { weights: { default: 1 }, pair: { per: 'datum' }, score: { per: 'datum' } },
} as const;

/** Declares what the formulas use, and nothing else. */
function lossOf(source: string, more: Partial<Definition> = {}): WrittenLoss {
  const texts = [source, ...Object.values(more.let ?? {}), more.mask ?? ''].join(' ');
  const used = Object.entries(DECLARED.inputs).filter(([name]) => new RegExp(`\\b${name}\\b`).test(texts));
  const definition = { name: 'random', config: CONFIG, inputs: Object.fromEntries(used), loss: source, ...more };
  return new WrittenLoss(definition);
}

/** Why a definition is refused; null when it is taken. Anything but a proper refusal is thrown on. */
function refusalOf(make: () => WrittenLoss): AppError | null {
  try {
    make().compute(LOGPROBS, INPUTS, CONFIG);
    return null;
  } catch (error) {
    const isProper = [ExpressionError, InvalidRequestError, NonFiniteExpressionError].some(
      (Kind) => error instanceof Kind,
    );
    if (!isProper) throw error;
    return error as AppError;
  }
}

function expectInside(error: AppError | null, source: string): void {
  if (!(error instanceof ExpressionError)) return;
  const { position, end } = error.details as { position: number; end: number };
  expect(position, source).toBeGreaterThanOrEqual(0);
  expect(position, source).toBeLessThanOrEqual(source.length);
  expect(end, source).toBeGreaterThanOrEqual(position);
  expect(end, source).toBeLessThanOrEqual(source.length);
}

const NAMES = [
  'target_logprobs',
  'logprobs',
  'weights',
  'pair',
  'beta',
  'token_count',
  'nothing',
  '__proto__',
  'toString',
];
const SIGNS = [
  '+',
  '-',
  '*',
  '**',
  '/',
  '<',
  '<=',
  '==',
  '!=',
  'and',
  'or',
  'not',
  '=',
  '&&',
  '!',
  '|',
  '%',
  ':=',
  '@',
];
const MARKS = [
  '(',
  ')',
  ',',
  '[',
  ']',
  '{',
  '}',
  '.',
  ';',
  '"',
  "'",
  '`',
  '\\',
  '#',
  '\n',
  '\t',
  '\0',
  '\u00a0',
  '\u2028',
];
const NUMBERS = ['0', '1', '1.5', '.5', '1.', '1e9', '1e999', '1e-999', '0x1f', '1_000', '1e', '..', '9'.repeat(400)];
const STRANGE = [
  '\u{1f600}',
  '\ud800',
  'e\u0301',
  '\u00e9',
  '\u4e2d',
  'ａ',
  '\u202e',
  'constructor',
  'lambda x:',
  '${1}',
];
const TOKENS = [...NAMES, ...SIGNS, ...MARKS, ...NUMBERS, ...STRANGE, ...FUNCTION_NAMES, '(', '(', ')', ')', ','];

function soup(random: () => number): string {
  const length = Math.floor(random() ** 2 * 60);
  const joint = pick(random, ['', ' ', ' ']);
  return Array.from({ length }, () => pick(random, TOKENS)).join(joint);
}

/** Cuts out, doubles, swaps, inserts: one to four times. */
function mutated(source: string, random: () => number): string {
  let text = source;
  for (let times = 1 + Math.floor(random() * 4); times > 0; times--) {
    const [from, to] = [random(), random()].map((share) => Math.floor(share * (text.length + 1))).sort((a, b) => a - b);
    const piece = text.slice(from, to);
    const replacement = pick(random, [
      '',
      piece + piece,
      pick(random, TOKENS),
      `(${piece})`,
      `${piece} ${pick(random, TOKENS)} `,
    ]);
    text = text.slice(0, from) + replacement + text.slice(to);
  }
  return text;
}

const WRITTEN = readdirSync('examples/losses').map(
  (file) => JSON.parse(readFileSync(`examples/losses/${file}`, 'utf8')) as Definition,
);

describe('texts that are hardly formulas', () => {
  it('are refused with a position inside of them, or computed', () => {
    const random = randomNumbers(1);
    let refused = 0;
    for (let i = 0; i < 3000; i++) {
      const source = soup(random);
      const asMask = random() < 0.2;
      const make = () => (asMask ? lossOf('sum(target_logprobs)', { mask: source }) : lossOf(source));
      const error = refusalOf(make);
      expectInside(error, source);
      if (error) refused++;
    }
    expect(refused).toBeGreaterThan(2400);
  });

  it('come from written losses by small changes: refused inside of them, or computed', () => {
    const random = randomNumbers(2);
    const codes = new Set<string>();
    for (let i = 0; i < 2000; i++) {
      const original = pick(random, WRITTEN);
      const formulas = Object.entries({ ...original.let, ...original.metrics, loss: original.loss });
      const [name, source] = pick(random, formulas);
      const text = mutated(source, random);
      const changed = { ...original, loss: name === 'loss' ? text : original.loss };
      const field = original.let && name in original.let ? 'let' : 'metrics';
      const definition = name === 'loss' ? changed : { ...changed, [field]: { ...original[field], [name]: text } };
      const error = refusalOf(() => new WrittenLoss(definition));
      if (error?.details.field === (name === 'loss' ? name : `${field}.${name}`)) expectInside(error, text);
      codes.add(error?.code ?? 'taken');
    }
    expect([...codes]).toEqual(expect.arrayContaining(['invalid_expression', 'non_finite_loss', 'taken']));
  });
});

/** The tokens that count, as the evaluator of test/support takes them. */
function dataOf(weighted: boolean) {
  const kept = [...Array(COUNT).keys()].filter((i) => !weighted || INPUTS.weights.data[i] !== 0);
  const read = (tensor: RaggedTensor) => kept.map((i) => tensor.data[i]!);
  const datumOf = LENGTHS.flatMap((length, datum) => Array<number>(length).fill(datum));
  const { logprobs, advantages, weights, pair, score } = INPUTS;
  return {
    tokens: {
      target_logprobs: read(LOGPROBS),
      logprobs: read(logprobs),
      advantages: read(advantages),
      weights: read(weights),
    },
    datums: { pair: [...pair.data], score: [...score.data] },
    numbers: {
      beta: CONFIG.beta,
      token_count: kept.length,
      position_count: COUNT,
      datum_count: LENGTHS.length,
      'given(weights)': 1,
    },
    datumOf: kept.map((i) => datumOf[i]!),
  };
}

const usesWeights = (term: Term): boolean => term.op.includes('weights') || term.args.some(usesWeights);

/** Rounding differs in the last digits, and differences of nearly equal numbers make that more. */
function isAlike(actual: number, expected: number): boolean {
  if (Object.is(actual, expected) || actual === expected) return true;
  return Math.abs(actual - expected) <= 1e-8 * Math.max(1, Math.abs(expected));
}

describe('random formulas', () => {
  it('have the value that a plain evaluator gives', () => {
    const random = randomNumbers(3);
    let finite = 0;
    for (let i = 0; i < 2000; i++) {
      const term = randomTerm(random, 'number', 'one', 5);
      const source = textOf(term);
      const loss = lossOf(`0 * sum(target_logprobs) + (${source})`);
      const expected = evaluateTerm(term, dataOf(usesWeights(term)))[0]!;
      const value = loss.surrogate(LOGPROBS, INPUTS, CONFIG, LOGPROBS);
      expect(isAlike(value, expected), `${source}: ${value}, expected ${expected}`).toBe(true);
      if (Number.isFinite(expected)) finite++;
    }
    expect(finite).toBeGreaterThan(1000);
  });

  it('have the gradient of their value', () => {
    const random = randomNumbers(4);
    let checked = 0;
    for (let i = 0; i < 800; i++) {
      const source = textOf(randomTerm(random, 'number', 'one', 5));
      const check = checkGradient(lossOf(`mean(target_logprobs) + ${source}`), CONFIG);
      expect(check.mismatch, source).toBeNull();
      checked += check.checked;
    }
    expect(checked).toBeGreaterThan(1000);
  });
});
