import { randomBytes } from 'node:crypto';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { zstdFrame } from '../../support/zstd-frame.js';

/** Requests made to hold up a server, or its memory, and large ones that are meant. */
export interface HostileRequest {
  readonly what: string;
  readonly path: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

const MB = 2 ** 20;
const JSON_TYPE = { 'Content-Type': 'application/json' };
const PROTOBUF = { 'Content-Type': 'application/x-protobuf' };
const bytes = (text: string | Buffer) => new Uint8Array(Buffer.from(text));
const repeat = (item: string, size: number) => new Array(Math.floor(size / (item.length + 1))).fill(item).join(',');
const fields = (count: number) => Array.from({ length: count }, (_, i) => `"field_${i}":0`).join(',');

/** A tar of these files. */
async function tarOf(files: Readonly<Record<string, Buffer>>): Promise<Uint8Array<ArrayBuffer>> {
  const archive = pack();
  for (const [name, content] of Object.entries(files)) archive.entry({ name }, content);
  archive.finalize();
  const parts: Buffer[] = [];
  for await (const part of archive) parts.push(part as Buffer);
  return new Uint8Array(Buffer.concat(parts));
}

function safetensors(header: string): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, Buffer.from(header)]);
}

const CONFIG = Buffer.from(JSON.stringify({ peft_type: 'LORA', r: 4, lora_alpha: 8, target_modules: ['q_proj'] }));

function datum(length: number): string {
  const tokens = Array.from({ length }, (_, i) => (i % 50) + 1);
  const weights = tokens.map((token) => 1 / (token + 1));
  const inputs = { target_tokens: { data: tokens, dtype: 'int64', shape: [length] }, weights };
  return JSON.stringify({ model_input: { chunks: [{ type: 'encoded_text', tokens }] }, loss_fn_inputs: inputs });
}

/** A protobuf field of bytes. */
function field(number: number, value: Buffer): Buffer {
  const length: number[] = [];
  for (let rest = value.length; ; rest >>>= 7) {
    length.push(rest < 128 ? rest : (rest & 127) | 128);
    if (rest < 128) break;
  }
  return Buffer.concat([Buffer.of((number << 3) | 2, ...length), value]);
}

const json = (what: string, path: string, body: string): HostileRequest => ({
  what,
  path,
  body: bytes(body),
  headers: JSON_TYPE,
});

function counts(): HostileRequest[] {
  return [
    json('60 MB of objects in an unknown field', '/fwdbwd', `{"a":[${repeat('{"b":1}', 60 * MB)}]}`),
    json('60 MB of objects as data', '/fwdbwd', `{"model_id":"mine","data":[${repeat('{"b":1}', 60 * MB)}]}`),
    json(
      '60 MB of objects',
      '/api/v1/forward_backward',
      `{"forward_backward_input":{"data":[${repeat('{"b":1}', 60 * MB)}]}}`,
    ),
    json('60 MB of numbers', '/fwdbwd', `{"model_id":"mine","data":[${repeat('1', 60 * MB)}]}`),
    json('60 MB of numbers', '/generate', `{"tokens":[${repeat('1', 60 * MB)}]}`),
    json('a million fields', '/generate', `{${fields(1_000_000)}}`),
    json('80,000 unknown fields', '/generate', `{${fields(80_000)}}`),
    json('900 unknown fields', '/generate', `{${fields(900)}}`),
    json('900 unknown fields', '/api/v1/asample', `{${fields(900)}}`),
    json('a million messages', '/generate', `{"messages":[${repeat('{"a":1}', 11 * MB)}]}`),
    json(
      '13,000 messages',
      '/fwdbwd',
      `{"model_id":"mine","data":[[${repeat('{"role":"user","content":"x"}', 380_000)}]]}`,
    ),
    json('1000 messages with unknown fields', '/generate', `{"messages":[${repeat('{"a":1,"b":2,"c":3}', 20_000)}]}`),
    json('4 MB of brackets', '/fwdbwd', '['.repeat(4 * MB)),
    json('4 MB of nested objects', '/generate', '{"a":'.repeat(MB)),
    json('200 kB of brackets', '/generate', '['.repeat(200_000)),
    json('60 MB of text', '/api/v1/telemetry', JSON.stringify({ events: ['x'.repeat(60 * MB)] })),
    json('60 MB to a path that takes none', '/healthz', `[${repeat('{}', 60 * MB)}]`),
    json('20 MB of losses', '/loss_functions', `{"name":"x","loss":"${'1+'.repeat(10 * MB)}1"}`),
  ];
}

function packed(): HostileRequest[] {
  const bomb = Buffer.from(`{"a":[${repeat('{"b":1}', 63 * MB)}]}`);
  const encodings = {
    gzip: gzipSync(bomb),
    deflate: deflateSync(bomb),
    br: brotliCompressSync(bomb, { params: { 1: 1 } }),
  };
  const zstd = zstdFrame({ claimedSize: 60 * MB, zeros: 60 * MB });
  return [
    ...Object.entries(encodings).map(([encoding, body]) => ({
      what: `a bomb of ${encoding}`,
      path: '/fwdbwd',
      body: bytes(body),
      headers: { ...JSON_TYPE, 'Content-Encoding': encoding },
    })),
    {
      what: 'a bomb of zstd',
      path: '/api/v1/forward_backward',
      body: bytes(Buffer.from(zstd)),
      headers: { ...PROTOBUF, 'Content-Encoding': 'zstd' },
    },
    { what: '60 MB of noise', path: '/api/v1/forward_backward', body: bytes(randomBytes(60 * MB)), headers: PROTOBUF },
    {
      what: '60 MB of empty messages',
      path: '/api/v1/forward_backward',
      body: bytes(Buffer.alloc(60 * MB, '\x1a\x00')),
      headers: PROTOBUF,
    },
  ];
}

async function archives(): Promise<HostileRequest[]> {
  const tensors = Array.from({ length: 400_000 }, (_, i) => `"t${i}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`);
  const of = async (what: string, files: Readonly<Record<string, Buffer>>) => ({
    what,
    path: '/adapters/import',
    body: await tarOf(files),
    headers: { 'Content-Type': 'application/x-tar' },
  });
  const weights = (header: string) => ({
    'adapter_config.json': CONFIG,
    'adapter_model.safetensors': safetensors(header),
  });
  return [
    await of('4 MB of brackets as adapter_config.json', { 'adapter_config.json': Buffer.alloc(4 * MB, '[') }),
    await of('1 MB of brackets as adapter_config.json', { 'adapter_config.json': Buffer.alloc(MB, '[') }),
    await of('a header of 40 MB of brackets', weights('['.repeat(40 * MB))),
    await of('a header of 40 MB of objects', weights(`{"a":[${repeat('{"b":1}', 40 * MB)}]}`)),
    await of('a header of 100,000 tensors', weights(`{${tensors.slice(0, 100_000).join(',')}}`)),
    await of('a header of 400,000 tensors', weights(`{${tensors.join(',')}}`)),
    await of('60 MB of weights without a tensor', {
      'adapter_config.json': CONFIG,
      'adapter_model.safetensors': Buffer.concat([safetensors('{}'), Buffer.alloc(60 * MB)]),
    }),
  ];
}

function meant(): HostileRequest[] {
  const one = datum(900);
  const data = repeat(one, 50 * MB);
  const tokens = Int32Array.from({ length: 900 }, (_, i) => (i % 50) + 1);
  const raw = (array: Int32Array | Float32Array | BigInt64Array) => Buffer.from(array.buffer);
  const tensor = (dtype: number, content: Buffer) => Buffer.concat([field(1, content), Buffer.of(3 << 3, dtype)]);
  const entry = (name: string, value: Buffer) =>
    field(2, Buffer.concat([field(1, Buffer.from(name)), field(2, value)]));
  const message = Buffer.concat([
    field(1, field(1, field(1, raw(tokens)))),
    entry('target_tokens', tensor(2, raw(BigInt64Array.from(tokens, BigInt)))),
    entry('weights', tensor(1, raw(new Float32Array(900).fill(1)))),
  ]);
  const count = Math.floor((56 * MB) / message.length);
  const datums = new Array(count).fill(field(3, message)) as Buffer[];
  const proto = Buffer.concat([
    field(1, Buffer.from('mine')),
    ...datums.slice(0, 4000),
    field(4, Buffer.from('cross_entropy')),
  ]);
  return [
    json('50 MB of datums, which is meant', '/fwdbwd', `{"model_id":"mine","data":[${data}]}`),
    json(
      '50 MB of datums, which is meant',
      '/api/v1/forward_backward',
      `{"model_id":"mine","forward_backward_input":{"loss_fn":"cross_entropy","data":[${data}]}}`,
    ),
    {
      what: `${Math.round(proto.length / MB)} MB of datums, which is meant`,
      path: '/api/v1/forward_backward',
      body: bytes(proto),
      headers: PROTOBUF,
    },
    json('200 kB of datums, which is meant', '/fwdbwd', `{"model_id":"mine","data":[${repeat(one, 200_000)}]}`),
  ];
}

/** Bodies of all routes with a few bytes changed: repeatable, from the examples of the API document. */
export function mutated(
  examples: readonly { readonly path: string; readonly body: string }[],
  count: number,
): HostileRequest[] {
  let state = 20_240_601;
  const next = (below: number) => (state = (state * 48271) % 2147483647) % below;
  const tokens = [
    '[',
    ']',
    '{',
    '}',
    '"',
    ',',
    ':',
    '\\',
    '\0',
    '1e999',
    '-',
    'null',
    '[[[[[[[[',
    '{"a":',
    '"__proto__":',
  ];
  return Array.from({ length: count }, (_, i) => {
    const { path, body } = examples[i % examples.length]!;
    let text = body;
    for (let changes = next(4) + 1; changes > 0; changes--) {
      const at = next(text.length + 1);
      const inserted = tokens[next(tokens.length)]!.repeat(next(10) === 0 ? 3000 : 1);
      text = text.slice(0, at) + inserted + text.slice(at + next(3));
    }
    return json(`mutation ${i}`, path, text);
  });
}

export async function hostileRequests(): Promise<HostileRequest[]> {
  return [...counts(), ...packed(), ...(await archives()), ...meant()];
}
