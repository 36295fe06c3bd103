import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sourceHash, staleDependencies } from './bootstrap.mjs';

let root: string;

function write(file: string, content: unknown): void {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), typeof content === 'string' ? content : JSON.stringify(content));
}

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'bootstrap '));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('staleDependencies', () => {
  const entry = (version: string) => ({ 'node_modules/one': { version } });
  const locked = { '': {}, ...entry('1.0.0'), 'node_modules/maybe': { version: '2.0.0', optional: true } };

  it('says that nothing is installed', () => {
    write('package-lock.json', { packages: locked });
    expect(staleDependencies(root)).toBe('nothing is installed yet');
  });

  it('accepts matching versions with an optional package absent', () => {
    write('package-lock.json', { packages: locked });
    write('node_modules/.package-lock.json', { packages: entry('1.0.0') });
    expect(staleDependencies(root)).toBeUndefined();
  });

  it.each([
    ['another version', entry('0.9.0'), 'one should be 1.0.0, is 0.9.0'],
    ['a missing package', {}, 'one should be 1.0.0, is missing'],
    [
      'another version of an optional package',
      { ...entry('1.0.0'), 'node_modules/maybe': { version: '1.0.0' } },
      'maybe should be 2.0.0, is 1.0.0',
    ],
  ])('names %s', (_what, installed, message) => {
    write('package-lock.json', { packages: locked });
    write('node_modules/.package-lock.json', { packages: installed });
    expect(staleDependencies(root)).toBe(message);
  });
});

describe('sourceHash', () => {
  it('changes with the content and the name of a source, not with a spec', () => {
    write('src/one.ts', 'export const one = 1;');
    const before = sourceHash(root);
    write('src/one.spec.ts', 'it');
    expect(sourceHash(root)).toBe(before);
    write('src/one.ts', 'export const one = 2;');
    const changed = sourceHash(root);
    expect(changed).not.toBe(before);
    write('src/deep/two.ts', '');
    expect(sourceHash(root)).not.toBe(changed);
  });
});
