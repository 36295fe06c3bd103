import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { floats, integers } from '../../../test/support/models/ragged-builders.js';
import { FUNCTION_NAMES } from './function-names.js';
import { WrittenLoss } from './written-loss.js';

/* docs/custom-losses.md says what is so: its losses are the files of examples/losses, and its table has all functions. */

const DOCUMENT = readFileSync('docs/custom-losses.md', 'utf8');
const BLOCKS = [...DOCUMENT.matchAll(/^```json\n([^]*?)^```$/gm)].map(([, json]) => json!);
const FILES = readdirSync('examples/losses').map((file) => readFileSync(`examples/losses/${file}`, 'utf8'));

const INPUTS = {
  target_tokens: integers([1, 1, 1], [1, 1], [1], [1, 1]),
  weights: floats([0, 1, 2], [1, 1], [1], [0, 1]),
  logprobs: floats([-1, -2, -0.4], [-0.5, -1], [-3], [-2, -1]),
  reference_logprobs: floats([-1.1, -2, -0.5], [-0.4, -1], [-3.5], [-2, -0.5]),
  advantages: floats([0, 1, 1], [-1, -1], [0.5], [0, -2]),
  pair: floats([1], [1], [2], [2]),
  chosen: floats([1], [0], [0], [1]),
  group: floats([1], [1], [1], [2]),
  positive: floats([0], [1], [0], [1]),
};
const LOGPROBS = floats([-1.2, -1.9, -0.3], [-0.5, -1.4], [-2.5], [-2.2, -0.8]);

describe('docs/custom-losses.md', () => {
  it('shows the files of examples/losses, all of them', () => {
    expect([...BLOCKS].sort()).toEqual([...FILES].sort());
  });

  it.each(BLOCKS.map((json) => JSON.parse(json) as ConstructorParameters<typeof WrittenLoss>[0]))(
    'shows $name, which computes',
    (definition) => {
      const loss = new WrittenLoss(definition);
      const config = Object.fromEntries(loss.metadata.config.map((key) => [key.name, key.default]));
      const result = loss.compute(LOGPROBS, INPUTS, config);
      expect(Number.isFinite(result.loss)).toBe(true);
      expect(result.dLogprobs.some((slope) => slope !== 0)).toBe(true);
      expect(Object.keys(result.metrics)).toEqual(Object.keys(definition.metrics ?? {}));
    },
  );

  it('has every function in its table, and no other', () => {
    const table = DOCUMENT.slice(DOCUMENT.indexOf('| function '), DOCUMENT.indexOf('`token_count`'));
    const named = [...table.matchAll(/^\| (.*?) \|/gm)].flatMap(([, cell]) => [...cell!.matchAll(/`(\w+)\(/g)]);
    expect([...new Set(named.map(([, name]) => name!))].sort()).toEqual([...FUNCTION_NAMES].sort());
  });
});
