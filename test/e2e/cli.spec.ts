import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiClient } from './support/client.js';
import { TestServer } from './support/server.js';

/* The command `thinker` as a user runs it: the built program as a child process, against one service. */

const root = path.join(import.meta.dirname, '..', '..');
const BIN = path.join(root, 'dist', 'src', 'cli', 'main.js');
const KEY = 'sk-alice';
const QUESTION = 'Who made you?';
const ANSWER = 'You did, a moment ago.';

let server: TestServer;
let folder: string;

beforeAll(async () => {
  server = await TestServer.start({ env: { API_KEYS: KEY } });
  folder = mkdtempSync(path.join(tmpdir(), 'cli-'));
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Gets all output so far, whenever there is more. */
  readonly onOutput?: (stdout: string, child: ChildProcess) => void;
}

function thinker(args: readonly string[], { input = '', env = {}, onOutput }: RunOptions = {}): Promise<Run> {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], THINKER_URL: server.api.url, THINKER_API_KEY: KEY, ...env },
    stdio: 'pipe',
  });
  child.stdin.end(input);
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => {
      texts[name] += chunk.toString();
      onOutput?.(texts.stdout, child);
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...texts }));
  });
}

/** What a command that succeeds prints. */
async function shown(...args: readonly string[]): Promise<string> {
  const run = await thinker(args);
  expect(run, args.join(' ')).toMatchObject({ code: 0, stderr: '' });
  return run.stdout;
}

async function jsonOf<T>(...args: readonly string[]): Promise<T> {
  return JSON.parse(await shown('--json', ...args)) as T;
}

const chatOf = (answer: string) => ({
  messages: [
    { role: 'user', content: QUESTION },
    { role: 'assistant', content: answer },
  ],
});

/** Trains an adapter to give one answer. */
async function trainAdapter(name: string, row: object = chatOf(ANSWER)): Promise<void> {
  const api = new ApiClient(server.api.url, KEY);
  await api.post('/adapters', { model_id: name, lora_config: { rank: 8, seed: 1 } });
  for (let step = 0; step < 12; step++) {
    await api.forwardBackward({ model_id: name, data: [row], train_on: 'assistant' });
    await api.optimStep(name, 3e-3);
  }
}

describe('thinker', () => {
  it('shows an adapter everywhere that it is used', async () => {
    expect(await shown('adapters')).toContain('There are no adapters.');
    await trainAdapter('mine');
    expect(await shown('adapters', 'list')).toMatch(/^NAME +BASE MODEL +RANK +STEP +CREATED\nmine +tiny-chat +8 +12 /);
    expect(await jsonOf('adapters')).toMatchObject([{ model_id: 'mine', rank: 8, step: 12 }]);
    expect(await shown('adapters', 'show', 'mine')).toMatch(/step +12\n.*OPERATION +STEP +LOSS.*optim_step +12/s);

    expect(await shown('sample', 'mine', QUESTION, '--temperature', '0')).toBe(`${ANSWER}\n`);
    const several = ['sample', 'mine', QUESTION, '-n', '2', '--max-tokens', '3', '--logprobs'];
    const { sequences } = await jsonOf<{ sequences: { logprobs: number[] }[] }>(...several);
    expect(sequences.map(({ logprobs }) => logprobs.length)).toEqual([3, 3]);
  });

  it('keeps a conversation that comes from a pipe', async () => {
    const input = `${QUESTION}\n\n/reset\n${QUESTION}\n/exit\nnever asked\n`;
    const args = ['chat', 'mine', '--temperature', '0'];
    expect(await thinker(args, { input })).toEqual({ code: 0, stdout: `${ANSWER}\n${ANSWER}\n`, stderr: '' });
    const { stdout } = await thinker([...args, '--json', '--max-tokens', '2'], { input: QUESTION });
    expect(JSON.parse(stdout)).toMatchObject({ role: 'assistant', finish_reason: 'length' });
  });

  it('forks and rewinds, and asks before it deletes', async () => {
    expect(await shown('adapters', 'fork', 'mine', 'other', '--step', '2')).toBe('Forked mine to other.\n');
    expect(await jsonOf('adapters', 'show', 'other')).toMatchObject({ step: 2 });
    expect(await shown('adapters', 'rewind', 'mine', '--step', '11')).toBe('mine is at step 11 again.\n');
    const refused = await thinker(['adapters', 'delete', 'other']);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('Confirm with --yes.');
    expect(await shown('adapters', 'delete', 'other', '--yes')).toBe('Deleted other.\n');
    expect(await jsonOf<unknown[]>('adapters')).toHaveLength(1);
  });

  it('exports a folder that it imports again, with the same answers', async () => {
    expect(await shown('export', 'mine')).toContain('adapter_config.json');
    expect(readFileSync(path.join(folder, 'mine-peft', 'adapter_config.json'), 'utf8')).toContain('"r": 8');
    expect((await thinker(['export', 'mine'])).stderr).toContain('mine-peft exists');
    const gguf = await shown('export', 'mine', '--format', 'gguf', '--outtype', 'q8_0', '-o', 'mine-gguf');
    expect(gguf).toMatch(/Modelfile.*\.gguf|\.gguf.*Modelfile/);
    expect(await shown('import', 'mine-peft', '--name', 'again')).toMatch(/^Imported again \(rank 8, tiny-chat/);
    expect(await shown('sample', 'again', QUESTION, '--temperature', '0')).toBe(`${ANSWER}\n`);
  });

  it('measures loss and exact matches', async () => {
    const lines = [chatOf(ANSWER), chatOf('A friend.')];
    writeFileSync(path.join(folder, 'eval.jsonl'), lines.map((line) => JSON.stringify(line)).join('\n'));
    const of = (model: string) => jsonOf<{ loss: number }>('eval', model, 'eval.jsonl', '--max-tokens', '16');
    const [trained, base] = [await of('mine'), await of('base')];
    expect(trained).toMatchObject({ rows: 2, matches: 1 });
    expect(base).toMatchObject({ rows: 2, matches: 0 });
    expect(trained.loss).toBeLessThan(base.loss);
    expect(await shown('eval', 'mine', 'eval.jsonl', '--limit', '1')).toMatch(/exact matches +1 \(100 %\)/);

    expect((await thinker(['eval', 'nobody', 'eval.jsonl'])).code).toBe(1);
    expect(await jsonOf<unknown[]>('adapters')).toHaveLength(2); // nobody was not created
    writeFileSync(path.join(folder, 'broken.jsonl'), '{"prompt": "a", "completion": "b"}\n{"prompt":\n');
    expect((await thinker(['eval', 'mine', 'broken.jsonl'])).stderr).toMatch(
      /broken\.jsonl, line 2: is not valid JSON/,
    );
  });

  it('asks prompts as they were trained, without the chat template', async () => {
    await trainAdapter('plain', { prompt: QUESTION, completion: ` ${ANSWER}` });
    writeFileSync(path.join(folder, 'eval.csv'), `prompt,completion\n${QUESTION}," ${ANSWER}"\n`);
    const of = (model: string, ...args: string[]) =>
      jsonOf<{ loss: number; tokens: number }>('eval', model, 'eval.csv', '--max-tokens', '16', ...args);
    const plain = await of('plain');
    expect(plain).toMatchObject({ rows: 1, matches: 1 });
    const other = await of('mine', '--no-answers');
    expect(other).toMatchObject({ matches: null, tokens: plain.tokens });
    expect(plain.loss).toBeLessThan(other.loss);
    expect(await shown('adapters', 'delete', 'plain', '--yes')).toBe('Deleted plain.\n');
  });

  it('uploads, lists, downloads and deletes files, and shows the faults of a bad one', async () => {
    const chats = `${JSON.stringify({ prompt: QUESTION, completion: ANSWER })}\n`;
    writeFileSync(path.join(folder, 'chats.jsonl'), chats);
    const { id } = await jsonOf<{ id: string }>('files', 'upload', 'chats.jsonl');
    expect(await shown('files')).toMatch(new RegExp(`${id} +chats.jsonl +${chats.length} B`));
    expect(await shown('files', 'download', id)).toBe(chats);
    expect(await shown('files', 'delete', id)).toBe(`Deleted ${id}.\n`);
    writeFileSync(path.join(folder, 'bad.jsonl'), `${chats}{"prompt": 1}\n`);
    const refused = await thinker(['files', 'upload', 'bad.jsonl']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('line 2');
  });

  it('trains on a file, detaches, attaches again, and talks to the model', async () => {
    const line = `${JSON.stringify({ prompt: QUESTION, completion: ANSWER })}\n`;
    writeFileSync(path.join(folder, 'train.jsonl'), line.repeat(12));
    const settings = ['--name', 'cli', '--epochs', '8', '--batch-size', '2', '--learning-rate', '0.003', '--seed', '1'];
    let sent = false;
    const detached = await thinker(['--json', 'train', 'train.jsonl', '--eval', 'train.jsonl', ...settings], {
      onOutput: (stdout, child) => {
        if (sent || !stdout.includes('"metrics"')) return;
        sent = child.kill('SIGINT');
      },
    });
    expect(detached.code).toBe(130);
    const events = detached.stdout.trim().split('\n');
    const { job } = JSON.parse(events[0]!) as { job: { id: string } };
    expect(detached.stdout).toContain(`{"type":"detached","job":"${job.id}"}`);

    const attached = await thinker(['attach']);
    expect(attached.code, attached.stderr).toBe(0);
    expect(attached.stdout).toMatch(/loss by step.*EPOCH +LOSS +EVAL LOSS.*Done in .*thinker chat ft:tiny-chat:cli:/s);
    const [, model = ''] = /thinker chat (\S+)/.exec(attached.stdout) ?? [];
    expect(await shown('sample', model, QUESTION, '--temperature', '0')).toBe(`${ANSWER}\n`);

    expect(await shown('jobs')).toMatch(new RegExp(`${job.id} +succeeded +${model}`));
    expect(await jsonOf('jobs', 'show', job.id)).toMatchObject({ id: job.id, status: 'succeeded' });
    expect(await shown('jobs', 'events', job.id)).toMatch(/TIME +LEVEL +MESSAGE/);
    expect((await thinker(['jobs', 'cancel', job.id])).code).toBe(1);
  });

  it('says what to do about errors, and exits with their codes', async () => {
    const cases: [string[], number, RegExp, Record<string, string>?][] = [
      [['adapters', 'show', 'nobody'], 1, /error: Adapter 'nobody' does not exist/],
      [['chat', 'nobody'], 1, /nobody/],
      [['adapters'], 1, /thinker keys create/, { THINKER_API_KEY: 'sk-wrong' }],
      [['adapters'], 3, /does not respond .*\n.*thinker serve/, { THINKER_URL: 'http://127.0.0.1:9' }],
      [['adapters'], 1, /THINKER_URL must be a URL/, { THINKER_URL: 'localhost:8000' }],
      [['adaptrs'], 2, /Did you mean adapters/],
      [['chat', '--tempurature', '1'], 2, /Did you mean --temperature/],
      [['chat', '--max-tokens', '0'], 2, /integer, 1 or more/],
      [['sample', 'base'], 2, /There is no prompt/],
    ];
    for (const [args, code, text, env] of cases) {
      const run = await thinker(args, { env: env ?? {} });
      expect(run, args.join(' ')).toMatchObject({ code, stdout: '' });
      expect(run.stderr).toMatch(text);
    }
    const { stdout, stderr } = await thinker(['--json', 'adapters', 'show', 'nobody']);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'not_found', param: 'model_id' } });
    expect(stderr).toBe('');
  });

  it('examines what the service needs', async () => {
    const env = { DATABASE_URL: server.database.url, TORCH_PYTHON: '/no/python' };
    const healthy = await thinker(['doctor'], { env });
    expect(healthy).toMatchObject({ code: 0 });
    expect(healthy.stdout).toMatch(/✓ Postgres +\d+.*✓ Service +http.*ready\n✓ Base models +tiny-chat/s);

    const none = { THINKER_URL: 'http://127.0.0.1:9', REDIS_URL: 'redis://127.0.0.1:9' };
    const broken = { ...env, ...none, DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none' };
    const { code, stdout } = await thinker(['doctor', '--json'], { env: broken });
    const { problems, checks } = JSON.parse(stdout) as { problems: number; checks: { name: string; status: string }[] };
    const statusOf = (wanted: string) => checks.find(({ name }) => name === wanted)?.status;
    expect([statusOf('Postgres'), statusOf('Redis'), statusOf('Service')]).toEqual(['problem', 'problem', 'warning']);
    expect({ code, problems }).toEqual({ code: 1, problems: 2 });
  });

  it('manages keys on the database', async () => {
    const env = { DATABASE_URL: server.database.url };
    const created = await thinker(['keys', 'create', 'bob'], { env });
    expect(created.code).toBe(0);
    const [, key = ''] = created.stdout.split('\n');
    expect((await thinker(['keys', 'list'], { env })).stdout).toMatch(/active +bob/);
    const adapters = await thinker(['adapters'], { env: { THINKER_API_KEY: key } });
    expect(adapters.stdout).toContain('There are no adapters.');
  });
});
