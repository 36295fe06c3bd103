import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { parquetMetadata } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import OpenAI, { APIError, BadRequestError, NotFoundError, toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from './support/server.js';

/* OpenAI's files API through OpenAI's own client. */

const KEY = 'sk-alice';
const LIMIT_MB = 1;

let folder: string;
let server: TestServer;
let client: OpenAI;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'thinker-files-'));
  server = await TestServer.start({
    env: { API_KEYS: `${KEY},sk-bob`, FILE_LIMIT_MB: String(LIMIT_MB), KEY_STORED_MB: '1' },
  });
  client = clientOf(KEY);
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

function clientOf(apiKey: string): OpenAI {
  return new OpenAI({ apiKey, baseURL: `${server.api.url}/v1`, maxRetries: 0 });
}

const chat = (answer: string) =>
  JSON.stringify({
    messages: [
      { role: 'user', content: 'Capital of Norway?' },
      { role: 'assistant', content: answer },
    ],
  });

function write(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

const upload = (name: string, text: string) =>
  client.files.create({ file: createReadStream(write(name, text)), purpose: 'fine-tune' });

const refusal = (upload: Promise<unknown>): Promise<APIError> =>
  upload.then(
    () => Promise.reject(new Error('the file was accepted')),
    (error: unknown) => error as APIError,
  );

/** Folders of files, below the data folder. */
const stored = () => server.listFiles('files').filter((name) => name !== '.tmp');

describe('files', () => {
  it('are uploaded as a stream, listed, read and deleted', async () => {
    const text = `${chat('Oslo')}\n${chat('Oslo.')}\n`;
    const file = await upload('chats.jsonl', text);
    expect(file).toMatchObject({
      id: expect.stringMatching(/^file-/) as string,
      object: 'file',
      bytes: Buffer.byteLength(text),
      filename: 'chats.jsonl',
      purpose: 'fine-tune',
      status: 'processed',
    });
    expect(await client.files.waitForProcessing(file.id)).toEqual(file);
    expect(await client.files.retrieve(file.id)).toEqual(file);
    expect(await (await client.files.content(file.id)).text()).toBe(text);
    await expect(clientOf('sk-bob').files.retrieve(file.id)).rejects.toThrow(NotFoundError);
    expect(await client.files.delete(file.id)).toEqual({ id: file.id, object: 'file', deleted: true });
    await expect(client.files.retrieve(file.id)).rejects.toMatchObject({ status: 404, param: 'file_id' });
    await expect(client.files.content(file.id)).rejects.toThrow(NotFoundError);
    expect(stored()).not.toContain(file.id);
  });

  it('come in pages', async () => {
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c']) ids.push((await upload(`${name}.jsonl`, chat(name))).id);
    const listed: string[] = [];
    for await (const { id } of client.files.list({ limit: 2, order: 'asc' })) listed.push(id);
    expect(listed).toEqual(ids);
    const { data, has_more: hasMore } = await client.files.list({ limit: 1 });
    expect([data[0]?.id, hasMore]).toEqual([ids[2], true]);
    expect((await client.files.list({ purpose: 'batch' })).data).toEqual([]);
    expect((await clientOf('sk-bob').files.list()).data).toEqual([]);
    const found = await client.get<{ data: { id: string }[] }>('/files', { query: { search: 'B.JSON' } });
    expect(found.data.map(({ id }) => id)).toEqual([ids[1]]);
    await expect(client.files.list({ after: 'file-unknown' })).rejects.toMatchObject({ status: 404, param: 'after' });
    for (const id of ids) await client.files.delete(id);
  });

  it('expire when they are told to', async () => {
    const file = await client.files.create({
      file: await toFile(Buffer.from(chat('Oslo')), 'chats.jsonl'),
      purpose: 'fine-tune',
      expires_after: { anchor: 'created_at', seconds: 3600 },
    });
    expect(Math.abs(file.expires_at! - file.created_at - 3600)).toBeLessThanOrEqual(1);
    await server.database.query(`UPDATE files SET expires_at = now() WHERE id = $1`, [file.id]);
    await expect(client.files.retrieve(file.id)).rejects.toThrow(NotFoundError);
    expect((await client.files.list()).data).toEqual([]);
    await server.database.query(`UPDATE files SET expires_at = NULL WHERE id = $1`, [file.id]);
    await client.files.delete(file.id);
  });
});

describe('CSV and Parquet', () => {
  it('are uploaded as JSONL is', async () => {
    const csv = await upload('pairs.csv', 'prompt,completion\n1+1=,2\n');
    const parquet = await client.files.create({
      file: await toFile(fixture('pairs.parquet'), 'p'),
      purpose: 'fine-tune',
    });
    const rows = await server.database.query('SELECT kind, rows, unit FROM files WHERE id = ANY($1) ORDER BY rows', [
      [csv.id, parquet.id],
    ]);
    expect(rows).toEqual([
      { kind: 'completion', rows: 1, unit: 'line' },
      { kind: 'completion', rows: 40, unit: 'row' },
    ]);
    for (const { id } of [csv, parquet]) await client.files.delete(id);
  });

  it('leave the server alone where a list in them grows without end', async () => {
    const file = await toFile(endless(fixture('chats-none.parquet')), 'endless.parquet');
    const error = await refusal(client.files.create({ file, purpose: 'fine-tune' }));
    expect(error).toMatchObject({ status: 400, code: 'invalid_training_file' });
    expect(error.message).toContain('Reading it takes too much memory. It may be damaged.');
    expect(stored()).toEqual([]);
    // The same process answers.
    expect((await client.files.list()).data).toEqual([]);
  });
});

describe('a Parquet file with flipped bytes', () => {
  const flips = fc.array(
    fc.record({ at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), bit: fc.nat(7) }),
    {
      minLength: 1,
      maxLength: 4,
    },
  );

  it.each(['pairs.parquet', 'chats-snappy.parquet'])('%s is taken or refused, and the server goes on', async (name) => {
    await fc.assert(
      fc.asyncProperty(flips, async (flipped) => {
        const bytes = new Uint8Array(fixture(name));
        for (const { at, bit } of flipped) bytes[Math.floor(at * bytes.length)]! ^= 1 << bit;
        const file = await toFile(bytes, 'flipped.parquet');
        const answer = await client.files.create({ file, purpose: 'fine-tune' }).catch((error: unknown) => error);
        if (answer instanceof APIError) {
          expect(answer).toMatchObject({ status: 400, code: 'invalid_training_file' });
        } else {
          const { id } = answer as { id: string };
          const content = await (await client.files.content(id)).arrayBuffer();
          expect(Buffer.from(content).equals(bytes)).toBe(true);
          await client.files.delete(id);
        }
        expect(stored()).toEqual([]);
      }),
      { seed: 7, numRuns: 12, endOnFailure: true },
    );
    expect((await client.files.list()).data).toEqual([]);
  });
});

describe('the files of a key', () => {
  it('are limited together', async () => {
    const half = `${chat('x'.repeat(600_000))}\n`;
    const first = await upload('first.jsonl', half);
    const error = await refusal(upload('second.jsonl', half));
    expect(error).toMatchObject({ status: 403, code: 'storage_limit_reached' });
    expect(error.message).toMatch(/1\.0 MiB that this API key may store.* 0\.6 MiB in files\. .*DELETE \/v1\/files/);
    const { id } = await clientOf('sk-bob').files.create({
      file: await toFile(Buffer.from(half)),
      purpose: 'fine-tune',
    });
    await clientOf('sk-bob').files.delete(id);
    await client.files.delete(first.id);
    await client.files.delete((await upload('second.jsonl', half)).id);
  });
});

describe('bad files', () => {
  it('are refused before they come, where they announce 10 GB', async () => {
    const { hostname, port } = new URL(server.api.url);
    const headers = {
      Authorization: `Bearer ${KEY}`,
      'Content-Type': 'multipart/form-data; boundary=x',
      'Content-Length': String(10 * 2 ** 30),
    };
    const status = await new Promise((resolve, reject) => {
      const upload = request({ hostname, port, path: '/v1/files', method: 'POST', headers }, (answer) => {
        resolve(answer.statusCode);
        upload.destroy();
      });
      upload.on('error', reject).flushHeaders();
    });
    expect(status).toBe(413);
  });

  it.each([
    ['an empty file', '', 'The file is empty.'],
    ['a file without rows', '\n \n', 'The file is empty.'],
    ['a broken line', `${chat('Oslo')}\n`.repeat(7311) + '{"messages": [\n', /line 7312: is not valid JSON/],
    [
      'mixed shapes',
      `${chat('Oslo')}\n{"prompt": "1+1=", "completion": "2"}\n`,
      /line 2: has the shape prompt and completion, but line 1 has chat/,
    ],
    [
      'unknown roles',
      `${chat('Oslo')}\n\n${chat('Oslo').replace('"user"', '"robot"')}`,
      /line 3: messages\[0\]\.role is 'robot'\. Use one of system, developer, user, assistant, tool\./,
    ],
  ])('are refused with their lines: %s', async (_, text, message) => {
    const error = await refusal(upload('bad.jsonl', text));
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ code: 'invalid_training_file', param: 'file', type: 'invalid_request_error' });
    expect(error.message).toMatch(message);
    expect(stored()).toEqual([]);
  });

  it('are cut off at the limit, whether their size is announced or not', async () => {
    const line = `${chat('Oslo'.repeat(100))}\n`;
    const large = line.repeat(Math.ceil((LIMIT_MB * 2 ** 20) / line.length) + 1);
    const announced = await refusal(upload('large.jsonl', large.repeat(2)));
    expect(announced).toMatchObject({ status: 413, code: 'file_too_large', param: 'file' });
    const chunked = await fetch(`${server.api.url}/v1/files`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${KEY}`, 'Content-Type': 'multipart/form-data; boundary=x' },
      body: new Blob([
        '--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nfine-tune\r\n',
        '--x\r\nContent-Disposition: form-data; name="file"; filename="large.jsonl"\r\n\r\n',
        large,
        '\r\n--x--\r\n',
      ]).stream(),
      duplex: 'half',
    });
    expect([chunked.status, await chunked.json()]).toMatchObject([413, { error: { code: 'file_too_large' } }]);
    expect(stored()).toEqual([]);
  });

  it.each([
    [{ purpose: 'assistants' }, 'purpose', 'assistants is not supported'],
    [{ purpose: 'fine-tun' }, 'purpose', "is 'fine-tun'"],
    [{}, 'purpose', 'is missing'],
    [{ purpose: 'fine-tune', 'expires_after[seconds]': '60' }, 'expires_after.anchor', 'is missing'],
    [
      { purpose: 'fine-tune', 'expires_after[anchor]': 'created_at', 'expires_after[seconds]': '60' },
      'expires_after.seconds',
      'from 3600 to 2592000',
    ],
  ])('are refused for their form %#', async (fields, param, message) => {
    const form = new FormData();
    form.append('file', new Blob([chat('Oslo')]), 'chats.jsonl');
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    const { status, body } = await post(form);
    expect([status, body]).toMatchObject([400, { error: { param } }]);
    expect(body.error.message).toContain(message);
    expect(stored()).toEqual([]);
  });

  it('are refused where there is none', async () => {
    const form = new FormData();
    form.append('purpose', 'fine-tune');
    expect(await post(form)).toMatchObject({ status: 400, body: { error: { param: 'file' } } });
    expect(await post(JSON.stringify({ purpose: 'fine-tune' }))).toMatchObject({ status: 400 });
  });
});

function fixture(name: string): Buffer {
  return readFileSync(path.join(import.meta.dirname, '..', 'fixtures', 'datasets', name));
}

/** The first levels of the first page are told to repeat two billion times. */
function endless(file: Buffer): Buffer {
  const bytes = Uint8Array.from(file);
  const offset = Number(parquetMetadata(bytes).row_groups[0]!.columns[0]!.meta_data!.data_page_offset);
  const reader = { view: new DataView(bytes.buffer), offset };
  parquetHeader(reader);
  bytes.set([0xfe, 0xff, 0xff, 0xff, 0x0f, 0x01], reader.offset + 4);
  return Buffer.from(bytes);
}

async function post(body: FormData | string): Promise<{ status: number; body: { error: { message: string } } }> {
  const headers = new Headers({ Authorization: `Bearer ${KEY}` });
  if (typeof body === 'string') headers.set('Content-Type', 'application/json');
  const answer = await fetch(`${server.api.url}/v1/files`, { method: 'POST', body, headers });
  return { status: answer.status, body: (await answer.json()) as { error: { message: string } } };
}
