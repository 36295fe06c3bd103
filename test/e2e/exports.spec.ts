import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HubStandIn } from '../support/servers/hub-stand-in.js';
import { type AcceptedAnswer, type ErrorAnswer } from './support/client.js';
import { TestServer } from './support/server.js';

const BASE = path.resolve(import.meta.dirname, '..', '..', 'models', 'tiny-chat');

const PYTHON = path.resolve(import.meta.dirname, '..', '..', '.venv', 'bin', 'python');
const needsPython = existsSync(PYTHON) ? '' : ' (skipped: needs .venv with huggingface_hub and gguf)';
const PULL = 'import sys; from huggingface_hub import hf_hub_download as get; print(get(sys.argv[1], sys.argv[2]))';
/** Pulls a GGUF file and reads it with llama.cpp's package. */
const READ_GGUF = `
import json, sys
from gguf import GGUFReader
from huggingface_hub import hf_hub_download
file = GGUFReader(hf_hub_download(sys.argv[1], "model.gguf"))
print(json.dumps({
    "architecture": file.get_field("general.architecture").contents(),
    "template": file.get_field("tokenizer.chat_template").contents(),
    "tensors": {t.name: {"type": t.tensor_type.name, "shape": t.shape.tolist()} for t in file.tensors},
}))`;
const REPO = 'alice/queries';

let server: TestServer;
let hub: HubStandIn;
let folder: string;

const data = [
  [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'The sea is wide today.' },
  ],
];

async function train(model_id: string, lora_config: object): Promise<void> {
  for (let i = 0; i < 2; i++) {
    await server.api.forwardBackward({ model_id, data, lora_config });
    await server.api.optimStep(model_id, 0.003);
  }
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'thinker-exports-'));
  hub = new HubStandIn(REPO, new Map());
  server = await TestServer.start({ env: { HF_ENDPOINT: await hub.start() } });
  await train('queries', { rank: 4, target_modules: ['q_proj'] });
  await train('head', { rank: 2, target_modules: ['v_proj', 'lm_head'] });
  await server.api.run<AcceptedAnswer>('/save_weights', { model_id: 'queries', name: 'two' });
});

afterAll(async () => {
  await server.stop();
  await hub.stop();
  rmSync(folder, { recursive: true, force: true });
});

const ask = (query: string) => fetch(`${server.api.url}/adapters/${query}`);

async function unpacked(query: string): Promise<string> {
  const response = await ask(query);
  expect(response.status).toBe(200);
  const target = mkdtempSync(path.join(folder, 'unpacked-'));
  mkdirSync(target, { recursive: true });
  const tar = path.join(target, '..', `${path.basename(target)}.tar`);
  writeFileSync(tar, new Uint8Array(await response.arrayBuffer()));
  execFileSync('tar', ['-xf', tar, '-C', target]);
  return target;
}

const bytesOf = (from: string, name: string) => new Uint8Array(readFileSync(path.join(from, name)));

/** Bytes and description of each tensor of a folder's model.safetensors. */
function tensorsIn(from: string): Map<string, { dtype: string; shape: number[]; bytes: Buffer }> {
  const file = readFileSync(path.join(from, 'model.safetensors'));
  const start = 8 + Number(file.readBigUInt64LE());
  const { __metadata__, ...entries } = JSON.parse(file.toString('utf8', 8, start)) as Record<string, SafetensorsEntry>;
  return new Map(
    Object.entries(entries).map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [begin, end],
        },
      ]) => [name, { dtype, shape, bytes: file.subarray(start + begin, start + end) }],
    ),
  );
}

interface SafetensorsEntry {
  readonly dtype: string;
  readonly shape: number[];
  readonly data_offsets: [number, number];
}

/** The tensors of a folder that are not those of the base model. */
function changed(from: string): string[] {
  const before = tensorsIn(BASE);
  const others = [...tensorsIn(from)].filter(([name, { bytes }]) => !before.get(name)?.bytes.equals(bytes));
  return others.map(([name]) => name).sort();
}

describe('an export', () => {
  it('is the folder of the base model with other weights where the adapter is', async () => {
    const target = await unpacked('queries/export?format=merged');
    const others = readdirSync(BASE).filter((name) => !['README.md', 'model.safetensors'].includes(name));
    expect(readdirSync(target).sort()).toEqual([...others, 'model.safetensors'].sort());
    for (const name of others) expect(bytesOf(target, name)).toEqual(bytesOf(BASE, name));
    expect(changed(target)).toEqual([0, 1, 2, 3, 4, 5].map((layer) => `model.layers.${layer}.self_attn.q_proj.weight`));
  });

  it('takes an adapted output projection from the embeddings', async () => {
    const target = await unpacked('head/export?format=merged');
    expect(JSON.parse(readFileSync(path.join(target, 'config.json'), 'utf8'))).toEqual({
      ...(JSON.parse(readFileSync(path.join(BASE, 'config.json'), 'utf8')) as object),
      tie_word_embeddings: false,
    });
    const [head, embedding] = ['lm_head.weight', 'model.embed_tokens.weight'].map((name) =>
      tensorsIn(target).get(name)!,
    );
    expect(head).toMatchObject({ shape: embedding!.shape, dtype: 'BF16' });
    // Bfloat16 is the upper half of float32.
    const numbers = ({ bytes }: { bytes: Buffer }) =>
      Array.from(
        { length: bytes.length / 2 },
        (_, i) => new Float32Array(Uint32Array.of(bytes.readUInt16LE(2 * i) << 16).buffer)[0]!,
      );
    const [merged, original] = [numbers(head!), numbers(embedding!)];
    expect(merged.every((number, i) => Math.abs(number - original[i]!) < 0.1)).toBe(true);
    expect(changed(target)).toContain('lm_head.weight');
  });

  it('is a GGUF file with a Modelfile', async () => {
    const target = await unpacked('queries/export?format=gguf&outtype=q8_0');
    expect(readdirSync(target).sort()).toEqual(['Modelfile', 'model.gguf']);
    const file = readFileSync(path.join(target, 'model.gguf'));
    expect([file.toString('latin1', 0, 4), file.readUInt32LE(4)]).toEqual(['GGUF', 3]);
    const modelfile = readFileSync(path.join(target, 'Modelfile'), 'utf8');
    expect(modelfile).toContain('FROM ./model.gguf\nTEMPLATE """{{- range .Messages }}<|im_start|>');
    expect(modelfile).toContain('PARAMETER stop "<|im_end|>"');
  });

  it('is the same of a checkpoint', async () => {
    const [now, then] = [await unpacked('queries/export'), await unpacked('queries/export?checkpoint=weights/two')];
    expect(readdirSync(then).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
    expect(bytesOf(then, 'adapter_model.safetensors')).toEqual(bytesOf(now, 'adapter_model.safetensors'));
  });

  it.each([
    ['queries/export?format=onnx', 400, 'format must be one of'],
    ['queries/export?formatt=merged', 400, 'formatt'],
    ['queries/export?format=merged&outtype=f16', 400, 'outtype has no meaning with format=merged'],
    ['head/export?format=gguf-adapter', 422, 'llama.cpp has no adapters for that'],
    ['queries/export?checkpoint=weights/three', 404, "'tinker://queries/weights/three' does not exist"],
    ['queries/export?checkpoint=../../etc', 400, 'not a valid checkpoint path'],
    ['nobody/export?format=merged', 404, "'nobody' does not exist"],
  ])('%s is refused', async (query, status, message) => {
    const response = await ask(query);
    const body = (await response.json()) as ErrorAnswer;
    expect(response.status).toBe(status);
    expect(body.error.message).toContain(message);
  });
});

describe('a push', () => {
  const push = (modelId: string, more: object = {}) =>
    server.api.post<PushAnswer & ErrorAnswer>(`/adapters/${modelId}/push`, { repo: REPO, token: 'hf_writer', ...more });

  it('makes a private repository with the files of an export and a card, as one commit', async () => {
    const { status, body } = await push('queries');
    expect(status).toBe(200);
    const names = ['adapter_config.json', 'adapter_model.safetensors', 'README.md'];
    expect(body).toEqual({
      repo: REPO,
      url: expect.stringMatching(/\/alice\/queries$/) as string,
      commit: hub.commit,
      files: names,
    });
    expect(hub.uploads.record).toMatchObject({
      created: [{ name: 'queries', organization: 'alice', type: 'model', visibility: 'private' }],
      commits: ['Upload queries (peft)'],
      large: ['adapter_model.safetensors'],
    });
    const target = await unpacked('queries/export');
    for (const name of names.slice(0, 2)) expect(hub.files.get(name)).toEqual(bytesOf(target, name));
    const card = Buffer.from(hub.files.get('README.md')!).toString();
    expect(card).toMatch(/^---\nlibrary_name: peft\n/);
    expect(card).toContain('Base model: tiny-chat.');
    expect(card).not.toMatch(/^license:/m);
  });

  it('of another format goes to the same repository, also from the command line', async () => {
    const cli = path.join('dist', 'src', 'cli', 'main.js');
    const args = [cli, 'export', 'queries', '--push', REPO, '--format', 'merged', '--json', '--url', server.api.url];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      env: { ...process.env, HF_TOKEN: 'hf_writer' },
    });
    expect((JSON.parse(stdout) as PushAnswer).files).toContain('model.safetensors');
    const target = await unpacked('queries/export?format=merged');
    expect(Buffer.from(hub.files.get('model.safetensors')!).equals(bytesOf(target, 'model.safetensors'))).toBe(true);
    expect(hub.uploads.record.commits.at(-1)).toBe('Upload queries (merged)');
  });

  it.each([
    ['a token that may not write', { token: 'hf_reader' }, 422, 'You have no write permission'],
    ['a repository of somebody else', { repo: 'bob/queries' }, 422, 'under this namespace'],
    ['a token of something else', { token: 'sk-secret' }, 400, 'starts with hf_'],
    ['a name that is none', { repo: 'queries' }, 400, 'owner/name'],
    ['a format that is none', { format: 'onnx' }, 400, 'format must be one of'],
  ])('refuses %s', async (_, more, status, message) => {
    const answer = await push('queries', more);
    expect(answer.status).toBe(status);
    expect(answer.body.error.message).toContain(message);
    expect(JSON.stringify(answer.body)).not.toMatch(/hf_reader|hf_writer|sk-secret/);
  });

  it('of a GGUF file has the Modelfile and a card beside it', async () => {
    const { status, body } = await push('queries', { format: 'gguf', outtype: 'q8_0' });
    expect(status).toBe(200);
    expect([...body.files].sort()).toEqual(['Modelfile', 'README.md', 'model.gguf']);
    const target = await unpacked('queries/export?format=gguf&outtype=q8_0');
    for (const name of ['Modelfile', 'model.gguf']) {
      expect(Buffer.from(hub.files.get(name)!).equals(bytesOf(target, name))).toBe(true);
    }
    expect(hub.uploads.record.large).toContain('model.gguf');
    expect(hub.uploads.record.commits.at(-1)).toBe('Upload queries (gguf)');
  });

  /** Runs a script whose hub is the one that was pushed to. */
  const python = async (url: string, script: string, ...args: readonly string[]): Promise<string> => {
    const home = mkdtempSync(path.join(folder, 'hf-'));
    const hubEnv = { HF_ENDPOINT: new URL(url).origin, HF_HOME: home, HF_HUB_DISABLE_XET: '1' };
    const env = { ...process.env, ...hubEnv };
    return (await promisify(execFile)(PYTHON, ['-c', script, ...args], { env })).stdout;
  };

  it.skipIf(needsPython !== '')(`of a GGUF file is read by llama.cpp's package${needsPython}`, async () => {
    const { body } = await push('queries', { format: 'gguf', outtype: 'q8_0' });
    const file = JSON.parse(await python(body.url, READ_GGUF, REPO)) as PulledGguf;
    const config = JSON.parse(readFileSync(path.join(BASE, 'config.json'), 'utf8')) as Record<string, number>;
    const { hidden_size: width, vocab_size: tokens, num_hidden_layers: layers } = config;
    expect(file).toMatchObject({ architecture: 'llama', template: expect.stringContaining('<|im_start|>') as string });
    expect(file.tensors['token_embd.weight']!.shape).toEqual([width, tokens]);
    const adapted = Array.from({ length: layers! }, (_, layer) => file.tensors[`blk.${layer}.attn_q.weight`]);
    for (const tensor of adapted) expect(tensor).toEqual({ type: 'Q8_0', shape: [width, width] });
  });

  it.skipIf(needsPython !== '')(`can be pulled by huggingface_hub${needsPython}`, async () => {
    const pushed = await push('queries');
    expect(pushed.status).toBe(200);
    const stdout = await python(pushed.body.url, PULL, REPO, 'adapter_model.safetensors');
    const [there, name] = [path.dirname(stdout.trim()), 'adapter_model.safetensors'];
    expect(bytesOf(there, name)).toEqual(bytesOf(await unpacked('queries/export'), name));
  });

  it('leaves no token in the log', () => {
    expect(server.log).not.toMatch(/hf_writer|hf_reader/);
  });
});

interface PulledGguf {
  readonly architecture: string;
  readonly template: string;
  readonly tensors: Readonly<Record<string, { readonly type: string; readonly shape: readonly number[] }>>;
}
interface PushAnswer {
  readonly repo: string;
  readonly url: string;
  readonly commit: string;
  readonly files: readonly string[];
}
