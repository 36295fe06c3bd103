import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiApp, startApiApp } from '../support/service/api-app.js';
import { recorded } from '../support/service/recorded.js';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.js';
import { zstdFrame } from '../support/zstd-frame.js';

/** Encodings of request bodies: what the SDK sends, packed and not, and what no decoder should swallow. */
const MODEL = 's1:train:0'; // named in the recorded requests
const LIMIT = 2 ** 20;

let database: TestDatabase;
let service: ApiApp;

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startApiApp(database.url, { BODY_LIMIT_MB: '1' });
  const made = await fetch(`${service.url}/adapters`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ model_id: MODEL, lora_config: { rank: 4 } }),
  });
  expect(made.status, await made.text()).toBe(201);
});

afterAll(async () => {
  await service.close();
  await database.drop();
});

async function post(body: Uint8Array, encoding?: string, type = 'application/x-protobuf') {
  const answer = await fetch(`${service.url}/api/v1/forward_backward`, {
    method: 'POST',
    headers: { 'Content-Type': type, ...(encoding === undefined ? {} : { 'Content-Encoding': encoding }) },
    body: new Uint8Array(body),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

describe('a protobuf body', () => {
  it.each(['0.25.0', '0.38.0'])('of SDK %s is the same request however it is packed', async (sdk) => {
    const plain = recorded('forward-backward', sdk);
    const first = await post(plain);
    expect(first).toMatchObject({ status: 200, body: { request_id: expect.stringMatching(/^future_/) as string } });
    expect(await post(recorded('forward-backward-zstd', sdk), 'zstd')).toEqual(first);
    expect(await post(recorded('forward-backward-zstd', sdk), 'ZSTD')).toEqual(first);
    expect(await post(gzipSync(plain), 'gzip')).toEqual(first);
    expect(await post(brotliCompressSync(plain), 'br')).toEqual(first);
    expect(await post(plain, 'identity')).toEqual(first);
  });

  it.each([
    ['cut short', recorded('forward-backward-zstd').subarray(0, -10)],
    ['followed by something else', Buffer.concat([recorded('forward-backward-zstd'), Buffer.from('more')])],
    ['that is none', recorded('forward-backward')],
    ['of no bytes but the magic number', recorded('forward-backward-zstd').subarray(0, 4)],
    ['that holds more than it claims', zstdFrame({ claimedSize: 10, zeros: 2 * LIMIT })],
    ['that holds less than it claims', zstdFrame({ claimedSize: 1000, zeros: 10 })],
    ['that claims nothing', zstdFrame({ zeros: 2 * LIMIT })],
  ])('is refused with a zstd frame %s', async (_what, body) => {
    expect(await post(body, 'zstd')).toMatchObject({
      status: 400,
      body: { error: { code: 'malformed_body', category: 'user' } },
    });
  });

  it('is refused when it unpacks to more than the limit, and so is one that is packed to more', async () => {
    const bomb = zstdFrame({ claimedSize: LIMIT + 1, zeros: LIMIT + 1 });
    expect(bomb.length).toBeLessThan(1000);
    for (const body of [bomb, zstdFrame({ claimedSize: 2 ** 32 - 1, zeros: 1 }), Buffer.alloc(LIMIT + 1)]) {
      expect(await post(body, 'zstd')).toMatchObject({
        status: 413,
        body: { error: { code: 'body_too_large', category: 'user', details: { limit_bytes: LIMIT } } },
      });
    }
  });

  it('up to the limit is unpacked', async () => {
    const answer = await post(zstdFrame({ claimedSize: LIMIT, zeros: LIMIT }), 'zstd');
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'invalid_request' } } });
    expect((answer.body['error'] as { message: string }).message).toMatch(/cannot be read as protobuf/);
  });

  it('in an encoding that nobody knows is refused', async () => {
    expect(await post(recorded('forward-backward'), 'lzma')).toMatchObject({
      status: 415,
      body: { error: { code: 'unsupported_encoding' } },
    });
  });
});

describe('chunks that are no text', () => {
  const forward = (chunk: object) => {
    const datum = { model_input: { chunks: [chunk] }, loss_fn_inputs: { target_tokens: { data: [1] } } };
    return { model_id: MODEL, seq_id: 50, forward_backward_input: { data: [datum], loss_fn: 'cross_entropy' } };
  };
  const sample = (chunk: object) => ({ base_model: 'tiny-chat', num_samples: 1, prompt: { chunks: [chunk] } });
  const IMAGE = { type: 'image', data: 'iVBORw==', format: 'png', expected_tokens: 4 };
  const POINTER = { type: 'image_asset_pointer', format: 'png', location: 'tinker://image' };
  const AUDIO = { type: 'dmel', dmel: 'AAAA' };

  it.each([IMAGE, POINTER, AUDIO])('are refused in JSON: $type', async (chunk) => {
    for (const [path, body] of [
      ['forward_backward', forward(chunk)],
      ['asample', sample(chunk)],
    ] as const) {
      const answer = await fetch(`${service.url}/api/v1/${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect(answer.status, path).toBe(400);
      expect(await answer.json()).toMatchObject({
        error: { category: 'user', message: expect.stringContaining(chunk.type) as string },
      });
    }
  });

  /** A field of a protobuf message whose value has fewer than 128 bytes. */
  const field = (number: number, value: Buffer) => Buffer.concat([Buffer.of((number << 3) | 2, value.length), value]);
  /** A ForwardBackwardRequest with one datum that is all audio: `chunk.dmel` is field 3. */
  const audio = () => {
    const chunk = field(3, field(1, Buffer.of(0, 1, 2)));
    return Buffer.concat([
      field(1, Buffer.from(MODEL)),
      field(3, field(1, chunk)),
      field(4, Buffer.from('cross_entropy')),
    ]);
  };

  it.each([
    ['image', recorded('image')],
    ['dmel', audio()],
  ])('are refused in protobuf: %s', async (kind, body) => {
    const answer = await post(body);
    expect(answer).toMatchObject({ status: 400, body: { error: { category: 'user' } } });
    expect((answer.body['error'] as { message: string }).message).toContain(`'${kind}'`);
  });
});
