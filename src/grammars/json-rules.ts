import { type CharRange, charClass, choice, literal, without } from './ebnf.js';

/*
 * JSON as constrained answers write it: on one line, with a space after commas and colons, as Python's json.dumps does and
 * chat templates show it. Otherwise a model could go on with white space for ever. Numbers have at most 15 digits, which
 * float64 tells apart, and an exponent that it can hold; no escape stands for half a surrogate pair.
 */
const RULES = String.raw`json_value ::= json_object | json_array | json_string | json_number | "true" | "false" | "null"
json_object ::= "{" (json_string ": " json_value (", " json_string ": " json_value)*)? "}"
json_array ::= "[" (json_value (", " json_value)*)? "]"
json_string ::= "\"" json_char* "\""
json_char ::= json_plain | "\\" (["\\/bfnrt] | "u" json_code)
json_code ::= [0-9a-cefA-CEF] json_hex json_hex json_hex | [dD] [0-7] json_hex json_hex | [dD] [89abAB] json_hex json_hex "\\u" [dD] [c-fC-F] json_hex json_hex
json_hex ::= [0-9a-fA-F]
json_integer ::= "0" | "-"? [1-9] [0-9]{0,14}
json_number ::= "-"? ("0" | [1-9] [0-9]{0,8}) ("." [0-9]{1,6})? ([eE] [+-]? [1-9] [0-9]?)?
`;

const ALL: CharRange = [0, 0x10ffff];
const WIDE: CharRange = [0x80, 0x10ffff];
/** What JSON strings cannot hold as it stands. */
const NOT_RAW: readonly CharRange[] = [
  [0, 0x1f],
  [0x22, 0x22],
  [0x5c, 0x5c],
];
const SHORT_ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x22, '\\"'],
  [0x5c, '\\\\'],
  [0x08, '\\b'],
  [0x0c, '\\f'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [0x09, '\\t'],
]);

export const JSON_RULES = RULES + `json_plain ::= ${rawCharBut([])}\njson_wide ::= ${charClass([WIDE])}\n`;

/** One character of these ranges inside of a JSON string; null when there is none. */
export function stringChar(ranges: readonly CharRange[]): string | null {
  const raw = without(ranges, NOT_RAW);
  const escaped = [...SHORT_ESCAPES].filter(([code]) => ranges.some(([from, to]) => from <= code && code <= to));
  const alternatives = [...(raw.length > 0 ? [rawChars(raw)] : []), ...escaped.map(([, text]) => literal(text))];
  return alternatives.length === 0 ? null : choice(alternatives);
}

/** One character but these that a JSON string holds as it stands. */
export function rawCharBut(characters: readonly string[]): string {
  const excluded = characters.map((character): CharRange => {
    const code = character.codePointAt(0) ?? 0;
    return [code, code];
  });
  return rawChars(without([ALL], [...NOT_RAW, ...excluded]));
}

/** All beyond ASCII have a rule of their own, since most sets hold them. */
function rawChars(ranges: readonly CharRange[]): string {
  if (without([WIDE], ranges).length > 0) return charClass(ranges);
  return choice([charClass(without(ranges, [WIDE])), 'json_wide']);
}

/** A value in the form of the rules. */
export function toJsonLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toJsonLine).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}: ${toJsonLine(member)}`);
  return `{${members.join(', ')}}`;
}
