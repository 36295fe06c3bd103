import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestServer } from './support/server.js';

/* @thinker/client as a user has it: packed, and installed into an empty project without a network. */

const root = path.join(import.meta.dirname, '..', '..');
const client = path.join(root, 'clients', 'typescript');
/** The whole tree of its dependencies; the versions are those of package-lock.json. */
const DEPENDENCIES = ['openapi-fetch', 'openapi-typescript-helpers', 'eventsource-parser'];

let server: TestServer;
let folder: string;
let project: string;

beforeAll(async () => {
  server = await TestServer.start();
  folder = mkdtempSync(path.join(tmpdir(), 'client-package-'));
  project = path.join(folder, 'project');
  mkdirSync(project);
  writeFileSync(path.join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  // Its own folder is left alone: other tests may read it.
  const copy = path.join(folder, 'clients', 'typescript');
  cpSync(client, copy, { recursive: true, filter: (file) => !/\/(dist|node_modules)(\/|$)/.test(file) });
  tsc(client, '-p', client, '--outDir', path.join(copy, 'dist'));
  const packed = [copy, ...DEPENDENCIES.map((name) => path.join(root, 'node_modules', name))].map(pack);
  npm(project, 'install', '--offline', '--cache', path.join(folder, 'cache'), ...packed);
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

function npm(cwd: string, ...args: string[]): string {
  const all = [...args, '--ignore-scripts', '--no-audit', '--no-fund'];
  return execFileSync('npm', all, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** The path of the archive that `npm publish` would send. */
function pack(package_: string): string {
  return path.join(folder, npm(folder, 'pack', '--silent', package_).trim());
}

function tsc(cwd: string, ...args: string[]): void {
  const found = spawnSync(process.execPath, [path.join(root, 'node_modules', 'typescript', 'bin', 'tsc'), ...args], {
    cwd,
    encoding: 'utf8',
  });
  expect(found.status, found.stdout).toBe(0);
}

/** Runs a program in the project against the server. */
function run(program: string, command = [process.execPath]): string {
  const text = program
    .replaceAll('http://127.0.0.1:8000', server.api.url)
    .replaceAll('new ThinkerClient()', `new ThinkerClient({ baseUrl: '${server.api.url}' })`);
  writeFileSync(path.join(project, 'program.mjs'), text);
  const [file = '', ...args] = command;
  const done = spawnSync(file, [...args, 'program.mjs', server.api.url], {
    cwd: project,
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect(done.status, done.stderr).toBe(0);
  return done.stdout;
}

const examplesOf = (markdown: string) => [...markdown.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code = '']) => code);
const readme = examplesOf(readFileSync(path.join(client, 'README.md'), 'utf8'));

function filesOf(name: string, pattern: RegExp): string[] {
  const package_ = path.join(project, 'node_modules', name);
  return readdirSync(package_, { recursive: true, encoding: 'utf8' })
    .filter((file) => pattern.test(file) && !file.endsWith('.cjs'))
    .map((file) => path.join(package_, file));
}

it('contains what it needs and nothing else', () => {
  const files = filesOf('@thinker/client', /\.\w+$|LICENSE/).map((file) => file.split('@thinker/client/')[1]!);
  expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'dist/index.js', 'dist/index.d.ts']));
  expect(
    files.filter((file) => !/^(LICENSE|README\.md|package\.json|dist\/([a-z]+\/)?[a-z-]+(\.d\.ts|\.js))$/.test(file)),
  ).toEqual([]);
});

it('needs nothing that a browser lacks', () => {
  const code = ['@thinker/client', ...DEPENDENCIES].flatMap((name) => filesOf(name, /dist\/.*\.m?js$/));
  const imports = code.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*["']([^"']+)["']/g)].map(([, name = '']) => name),
  );
  expect(imports).toEqual(expect.arrayContaining(['openapi-fetch', './http/transport.js']));
  expect(imports.filter((name) => name.startsWith('node:') || builtinModules.includes(name))).toEqual([]);
  const ours = filesOf('@thinker/client', /dist\/.*\.js$/).map((file) => readFileSync(file, 'utf8'));
  expect(ours.filter((text) => /\b(process|Buffer|require|__dirname)\b[.([]/.test(text))).toEqual([]);
});

it('has types that a strict project accepts', () => {
  const program = `
    import { ThinkerClient, type ChatChunk, type ForwardResult } from '@thinker/client';
    const client = new ThinkerClient();
    const result: Promise<ForwardResult> = client.adapter('a').forward({ data: [[{ role: 'user', content: 'x' }]] });
    const chunks: AsyncIterable<ChatChunk> = client.chat.stream({ model: 'base', messages: [{ role: 'user' }] });
    // @ts-expect-error: there is no such setting
    void client.adapter('a').optimStep({ adam_params: { learning_rte: 1 } });
    // @ts-expect-error: the client counts
    void client.adapter('a').optimStep({ seq_id: 1 });
    void [result, chunks];
  `;
  writeFileSync(path.join(project, 'program.ts'), program);
  const strict = ['--noEmit', '--strict', '--target', 'es2023', '--lib', 'es2023,dom'];
  tsc(project, 'program.ts', '--module', 'nodenext', ...strict);
});

it('does what its README shows', () => {
  const [train = '', stream = '', job = '', abort = '', error = '', route = '', ...others] = readme;
  expect(others).toEqual([]);
  expect(run(train)).toMatch(/step 1: loss \d.*step 10: loss \d\.\d+\n.*pirate/s);
  expect(run(stream).split('\n').length).toBeGreaterThan(10);
  expect(run(job)).toMatch(/step 1: loss \d.*succeeded\n$/s);
  expect(run(abort)).toBe('TimeoutError\n');
  expect(run(error)).toMatch(/^not_found .*'nobody'/);
  expect(run(route)).toBe('10\n');
});

it('runs the example', () => {
  const output = run(readFileSync(path.join(root, 'examples', 'example-client.mjs'), 'utf8'));
  expect(output).toContain('Saved tinker://example-client/weights/done');
  expect(output).toContain('Who made you?\nYou did! I learned this a moment ago.');
});

const hasDeno = spawnSync('deno', ['--version']).status === 0;
it.skipIf(!hasDeno)('runs on Deno (needs deno on the PATH)', () => {
  const deno = ['deno', 'run', '--no-prompt', '--allow-net', '--node-modules-dir=manual'];
  expect(run(readme[1]!, deno)).toBe(run(readme[1]!));
});
