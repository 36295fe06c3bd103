import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  encodeSafetensors,
  parseSafetensors,
  readSafetensorsHeader,
  tensorArray,
  tensorAsFloat32,
  type TensorToWrite,
} from './safetensors.js';

const tensors = new Map<string, TensorToWrite>([
  ['flags', { dtype: 'BOOL', shape: [3], data: Uint8Array.of(1, 0, 1) }],
  ['half', { dtype: 'F16', shape: [1], data: Uint16Array.of(0x3c00) }],
  ['brain', { dtype: 'BF16', shape: [2], data: Uint16Array.of(0x3f80, 0xc000) }],
  ['ids', { dtype: 'I32', shape: [2], data: Int32Array.of(-1, 7) }],
  ['long', { dtype: 'I64', shape: [1], data: BigInt64Array.of(-(2n ** 40n)) }],
  ['weights', { dtype: 'F32', shape: [2, 2], data: Float32Array.of(1, -0, NaN, 3.5) }],
  ['double', { dtype: 'F64', shape: [], data: Float64Array.of(0.1) }],
  ['empty', { dtype: 'F32', shape: [0, 4], data: new Float32Array(0) }],
]);

/** A file with this header object and this many data bytes. */
function fileOf(header: unknown, dataBytes = 0): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(dataBytes)]);
}

describe('safetensors', () => {
  it('reads back what it writes, every type, with metadata', () => {
    const bytes = encodeSafetensors(tensors, { format: 'pt', note: 'naïve "quotes"' });
    const header = parseSafetensors(bytes);
    expect(header.metadata).toEqual({ format: 'pt', note: 'naïve "quotes"' });
    expect(header.tensors.size).toBe(tensors.size);
    for (const [name, { dtype, shape, data }] of tensors) {
      const entry = header.tensors.get(name)!;
      expect([entry.dtype, entry.shape]).toEqual([dtype, shape]);
      expect(tensorArray(bytes, entry)).toEqual(data);
    }
  });

  it('aligns every tensor for its type, so that reading copies nothing', () => {
    const bytes = encodeSafetensors(tensors);
    for (const entry of parseSafetensors(bytes).tensors.values()) {
      expect(tensorArray(bytes, entry).buffer).toBe(bytes.buffer);
    }
  });

  it('copies where the bytes in memory are not aligned', () => {
    const bytes = encodeSafetensors(tensors);
    const view = new Uint8Array(bytes.byteLength + 1).subarray(1);
    view.set(bytes);
    for (const shifted of [view, Buffer.from(view.buffer, 1)]) {
      const entry = parseSafetensors(shifted).tensors.get('double')!;
      expect(tensorArray(shifted, entry)).toEqual(Float64Array.of(0.1));
    }
  });

  it('turns float weights into float32 and refuses other types as weights', () => {
    const bytes = encodeSafetensors(tensors);
    const entries = parseSafetensors(bytes).tensors;
    expect(tensorAsFloat32(bytes, entries.get('brain')!)).toEqual(Float32Array.of(1, -2));
    expect(tensorAsFloat32(bytes, entries.get('half')!)).toEqual(Float32Array.of(1));
    expect(() => tensorAsFloat32(bytes, entries.get('ids')!)).toThrow(/I32; weights are/);
  });

  it('refuses to write a tensor whose numbers do not fill its shape', () => {
    const wrong: TensorToWrite = { dtype: 'F32', shape: [3], data: new Float32Array(2) };
    expect(() => encodeSafetensors(new Map([['x', wrong]]))).toThrow(/do not match \[3\]/);
  });

  it('reads the header of a file, and names the file when it is bad', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'safetensors-'));
    try {
      const path = join(folder, 'a.safetensors');
      const bytes = encodeSafetensors(tensors, { a: 'b' });
      await writeFile(path, bytes);
      const { header, headerBytes } = await readSafetensorsHeader(path);
      expect(header).toEqual(parseSafetensors(bytes));
      expect(headerBytes.equals(bytes.subarray(8, 8 + headerBytes.length))).toBe(true);
      await writeFile(path, bytes.subarray(0, bytes.length - 1));
      await expect(readSafetensorsHeader(path)).rejects.toThrow(/a\.safetensors is not .* truncated/);
      await writeFile(path, bytes.subarray(0, 5));
      await expect(readSafetensorsHeader(path)).rejects.toThrow(/it has 5 bytes/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('malformed safetensors', () => {
  const f32 = (begin: number, end: number, shape = [(end - begin) / 4]) => ({
    dtype: 'F32',
    shape,
    data_offsets: [begin, end],
  });
  const hugeHeader = Buffer.alloc(16);
  hugeHeader.writeBigUInt64LE(2n ** 60n);

  it.each([
    ['an announced header beyond the limit', hugeHeader, /header would be/],
    ['a header longer than the file', fileOf('{}').subarray(0, 9), /ends inside its header/],
    ['a header that is not JSON', fileOf('{"a":'), /not JSON/],
    ['a header that is not an object', fileOf('[]'), /not a JSON object/],
    ['an entry without a description', fileOf({ x: null }), /tensor x has no description/],
    ['an unknown dtype', fileOf({ x: { ...f32(0, 4), dtype: 'F8_E4M3' } }, 4), /unsupported dtype F8_E4M3/],
    ['a negative size', fileOf({ x: f32(0, 4, [-1]) }, 4), /no valid shape/],
    ['offsets that run backwards', fileOf({ x: f32(4, 0, [1]) }, 4), /-4 bytes/],
    ['a size that does not follow from the shape', fileOf({ x: f32(0, 4, [2]) }, 4), /needs 8/],
    ['an overlap', fileOf({ x: f32(0, 8), y: f32(4, 12) }, 12), /y overlaps/],
    ['a hole', fileOf({ x: f32(0, 4), y: f32(8, 12) }, 12), /unused bytes before tensor y/],
    ['missing data', fileOf({ x: f32(0, 8) }, 4), /truncated/],
    ['extra data', fileOf({ x: f32(0, 4) }, 5), /1 bytes follow/],
    ['metadata that is not text', fileOf({ __metadata__: { a: 1 } }), /__metadata__\.a is not a string/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => parseSafetensors(bytes, 'x.safetensors')).toThrow(message);
  });
});
