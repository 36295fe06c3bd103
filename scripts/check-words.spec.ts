import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkWords } from './check-words.mjs';

let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'words-'));
  for (const folder of ['src', 'docs']) mkdirSync(path.join(root, folder));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('checkWords', () => {
  it.each([
    ['src/a.ts', '/** Adapters that had better leave. */', 'should'],
    ['src/a.ts', 'const MOST_READERS = 3;', 'MAX_'],
    ['src/a.ts', "throw new Error('x is no list');", 'is not a'],
    ['docs/a.md', 'A sampler snapshot, and so many tokens.', 'sampler weights'],
    ['README.md', '| endpoint | what is there |', 'supported'],
  ])('finds a planted wording in %s and suggests another: %s', (file, text, advice) => {
    writeFileSync(path.join(root, file), `fine\n${text}\n`);
    const problems = checkWords(root);
    expect(problems[0]).toContain(`${file}:2: `);
    expect(problems.join('\n')).toContain(advice);
  });

  it('accepts ordinary text, the glossary and other kinds of file', () => {
    writeFileSync(
      path.join(root, 'src/a.ts'),
      "// There is no adapter; it is no longer needed.\nconst MAX_READERS = 'here is no'",
    );
    writeFileSync(path.join(root, 'docs/glossary.md'), 'Do not write MOST_READERS.');
    writeFileSync(path.join(root, 'src/data.json'), '"had better"');
    expect(checkWords(root)).toEqual([]);
  });
});
