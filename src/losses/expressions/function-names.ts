import { ELEMENTWISE } from './elementwise.js';
import { REDUCTIONS } from './reductions.js';

const OPERATORS = new Set(['and', 'or', 'not', 'negate']);

/** Every function of the language, for errors and docs. */
export const FUNCTION_NAMES: readonly string[] = [
  ...new Set([
    ...[...ELEMENTWISE.keys()].filter((name) => /^[a-z]/.test(name) && !OPERATORS.has(name)),
    ...REDUCTIONS.keys(),
    ...[...REDUCTIONS.keys()].flatMap((name) => [`datum_${name}`, `group_${name}`]),
    'stop_gradient',
    'given',
  ]),
];
