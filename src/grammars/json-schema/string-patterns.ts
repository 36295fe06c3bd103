import { type AST, RegExpParser } from '@eslint-community/regexpp';
import { type CharRange, choice, repeated, sequence, without } from '../ebnf.js';
import { stringChar } from '../json-rules.js';

/** A pattern that grammars cannot follow; `message` says what of it. */
export class PatternError extends Error {}

/** Most repetitions of one part: each is a state of the grammar. */
const MAX_REPETITIONS = 1000;
const ALL: CharRange = [0, 0x10ffff];
const DIGITS: readonly CharRange[] = [[0x30, 0x39]];
const WORDS: readonly CharRange[] = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
const SPACES: readonly CharRange[] = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];
const LINE_ENDS: readonly CharRange[] = [
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
];
const parser = new RegExpParser({ ecmaVersion: 2024 });

/**
 * The inside of a JSON string in which a pattern of JSON Schema (a regular expression of ECMAScript, found anywhere in the
 * text unless it is anchored) is found.
 * @throws PatternError
 */
export function patternText(pattern: string): string {
  return choice(parse(pattern).alternatives.map(anywhere));
}

function parse(pattern: string): AST.Pattern {
  try {
    return parser.parsePattern(pattern, 0, pattern.length, { unicode: true });
  } catch {
    // Many are only written for expressions without the flag u.
  }
  try {
    return parser.parsePattern(pattern);
  } catch (error) {
    throw new PatternError(`is not a regular expression: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

function anywhere({ elements }: AST.Alternative): string {
  const [first, last] = [elements[0], elements.at(-1)];
  const starts = first?.type === 'Assertion' && first.kind === 'start';
  const ends = last?.type === 'Assertion' && last.kind === 'end';
  const inner = elements.slice(starts ? 1 : 0, ends ? -1 : undefined);
  return sequence(starts ? '' : 'json_char*', ...inner.map(element), ends ? '' : 'json_char*');
}

function element(part: AST.Element): string {
  switch (part.type) {
    case 'Group':
    case 'CapturingGroup':
      if (part.type === 'Group' && part.modifiers) throw new PatternError('has a group with flags.');
      return choice(part.alternatives.map(({ elements }) => sequence(...elements.map(element))));
    case 'Quantifier':
      return quantified(part);
    case 'Character':
    case 'CharacterSet':
    case 'CharacterClass':
      return oneOf(rangesOf(part));
    case 'Assertion':
      throw new PatternError(`has ${assertionName(part)}, which no grammar can follow.`);
    default:
      throw new PatternError('has a reference to a group or a set of strings, which no grammar can follow.');
  }
}

function quantified({ element: repeatedPart, min, max }: AST.Quantifier): string {
  const most = Number.isFinite(max) ? max : null;
  if (Math.max(min, most ?? 0) > MAX_REPETITIONS) {
    throw new PatternError(`repeats a part more than ${MAX_REPETITIONS} times.`);
  }
  return repeated(element(repeatedPart), min, most);
}

function assertionName({ kind }: AST.Assertion): string {
  if (kind === 'start' || kind === 'end') return `${kind === 'start' ? '^' : '$'} within`;
  return kind === 'word' ? 'a word boundary' : `a ${kind}`;
}

function oneOf(ranges: readonly CharRange[]): string {
  const text = stringChar(ranges);
  if (text === null) throw new PatternError('has a set of characters that JSON strings cannot hold.');
  return text;
}

function rangesOf(
  part: AST.Character | AST.CharacterSet | AST.CharacterClassElement | AST.CharacterClass,
): CharRange[] {
  switch (part.type) {
    case 'Character':
      return [[part.value, part.value]];
    case 'CharacterClassRange':
      return [[part.min.value, part.max.value]];
    case 'CharacterClass':
      return negated(
        part.negate,
        part.elements.flatMap((one) => rangesOf(one as AST.ClassRangesCharacterClassElement)),
      );
    case 'CharacterSet':
      return setOf(part);
    default:
      throw new PatternError('has a set of strings, which no grammar can follow.');
  }
}

function setOf(part: AST.CharacterSet): CharRange[] {
  switch (part.kind) {
    case 'any':
      return without([ALL], LINE_ENDS);
    case 'digit':
      return negated(part.negate, DIGITS);
    case 'word':
      return negated(part.negate, WORDS);
    case 'space':
      return negated(part.negate, SPACES);
    default:
      throw new PatternError('has a property of Unicode (\\p).');
  }
}

function negated(negate: boolean, ranges: readonly CharRange[]): CharRange[] {
  return negate ? without([ALL], ranges) : [...ranges];
}
