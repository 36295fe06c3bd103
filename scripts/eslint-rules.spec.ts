import { ESLint } from 'eslint';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

/** The lint rules on planted violations: a rule that never fires holds nothing. */
const root = path.join(import.meta.dirname, '..');
const eslint = new ESLint({ cwd: root });

async function rulesBrokenBy(code: string, file = 'src/domain/adapter/adam-params.ts'): Promise<(string | null)[]> {
  const results = await eslint.lintText(code, { filePath: path.join(root, file) });
  return results.flatMap(({ messages }) => messages.map(({ ruleId }) => ruleId));
}

describe('lint rules', () => {
  it('accept sound code', async () => {
    expect(await rulesBrokenBy('export const half = (value: number): number => value / 2;\n')).toEqual([]);
  }, 60_000);

  it.each([
    ['a string as provider token', "export const p = { provide: 'Clock', useValue: 1 };", 'no-restricted-syntax'],
    [
      'a string in @Inject()',
      "declare function Inject(t: string): ParameterDecorator;\nexport class A { constructor(@Inject('Clock') readonly c: object) {} }",
      'no-restricted-syntax',
    ],
    ['the environment outside src/config', 'export const port = process.env.PORT;', 'no-restricted-syntax'],
    [
      'a list of any length spread into a call',
      'export const top = (list: readonly number[]): number => Math.max(...list);',
      'no-restricted-syntax',
    ],
    ['a double cast', 'export const n = {} as unknown as number;', 'no-restricted-syntax'],
    [
      'a stringified error',
      'export function f(e: unknown): never { throw new Error(String(e)); }',
      'no-restricted-syntax',
    ],
    ['forwardRef', "import { forwardRef } from '@nestjs/common';\nexport { forwardRef };", 'no-restricted-imports'],
    ['any', 'export const a: any = 1;', '@typescript-eslint/no-explicit-any'],
    [
      'a floating promise',
      'export function f(): void { Promise.resolve(); }',
      '@typescript-eslint/no-floating-promises',
    ],
    ['a missing case', caseMissing(), '@typescript-eslint/switch-exhaustiveness-check'],
    [
      'sort without an order',
      'export const s = (a: number[]): number[] => a.sort();',
      '@typescript-eslint/require-array-sort-compare',
    ],
    ['a file of many statements', 'void 0;\n'.repeat(211), 'house/max-file-statements'],
    ['a packed object', 'export const p = { ...{ a: 1, b: 2 } };', 'no-restricted-syntax'],
    ['a packed list', 'export const p = [...[1, 2], ...[3]];', 'no-restricted-syntax'],
    [
      'a long function',
      `export function f(): number {\n${'  void 0;\n'.repeat(51)}  return 1;\n}`,
      'max-lines-per-function',
    ],
    ['seven parameters', parameters(7), '@typescript-eslint/max-params'],
  ])('refuse %s', async (_what, code, rule) => {
    expect(await rulesBrokenBy(code)).toContain(rule);
  });

  it('count statements and nothing else against the budget of a file', async () => {
    const free = `${'// a comment\n'.repeat(300)}export const all = [\n${'  1,\n'.repeat(300)}];\n`;
    expect(await rulesBrokenBy(free + 'void 0;\n'.repeat(209))).toEqual([]);
  });

  it('allow the environment in src/config', async () => {
    const broken = await rulesBrokenBy('export const port = process.env.PORT;', 'src/config/load-config.ts');
    expect(broken).not.toContain('no-restricted-syntax');
  });

  it.each([
    ['a focused test', "import { it } from 'vitest';\nit.only('x', () => {});", 'no-restricted-syntax'],
    ['a fixed wait', 'await new Promise((r) => setTimeout(r, 10));\nexport {};', 'no-restricted-globals'],
  ])('refuse %s in tests', async (_what, code, rule) => {
    expect(await rulesBrokenBy(code, 'scripts/eslint-rules.spec.ts')).toContain(rule);
  });
});

function caseMissing(): string {
  return `export function f(role: 'api' | 'worker'): number {
  switch (role) {
    case 'api':
      return 1;
  }
  return 2;
}`;
}

function parameters(count: number): string {
  const list = Array.from({ length: count }, (_, i) => `_${i}: number`).join(', ');
  return `export function f(${list}): void {}`;
}
