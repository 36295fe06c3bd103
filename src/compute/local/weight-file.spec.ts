import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CheckpointFiles, type CheckpointTensor } from '../../base-models/checkpoint-files.js';
import {
  elementCount,
  encodeSafetensors,
  isFloatDtype,
  parseSafetensors,
  type TensorToWrite,
} from '../../formats/safetensors.js';
import { prepareWeightFile } from './weight-file.js';

let folder: string;
let cacheFolder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weights-'));
  cacheFolder = join(folder, 'cache');
});
afterEach(() => rm(folder, { recursive: true }));

/** More than one chunk of 4 Mi numbers. */
const LARGE = 4 * 1024 * 1024 + 1000;

async function checkpointOf(tensors: Map<string, TensorToWrite>, fingerprint: string): Promise<CheckpointFiles> {
  const file = join(folder, 'model.safetensors');
  const bytes = encodeSafetensors(tensors);
  await writeFile(file, bytes);
  const found = new Map<string, CheckpointTensor>();
  let parameterCount = 0;
  for (const { name, dtype, shape, begin, end } of parseSafetensors(bytes).tensors.values()) {
    if (!isFloatDtype(dtype)) throw new TypeError(dtype);
    found.set(name, { name, file, dtype, shape, byteOffset: begin, byteLength: end - begin });
    parameterCount += elementCount(shape);
  }
  return { folder, tensors: found, parameterCount, fingerprint };
}

const mixed = () =>
  checkpointOf(
    new Map<string, TensorToWrite>([
      ['whole', { dtype: 'F32', shape: [3], data: Float32Array.of(1, -2.5, 1e-45) }],
      [
        'brain',
        { dtype: 'BF16', shape: [LARGE / 8, 8], data: Uint16Array.from({ length: LARGE }, (_, i) => i & 0x7f7f) },
      ],
      ['half', { dtype: 'F16', shape: [2], data: Uint16Array.of(0x3c00, 0xc100) }],
    ]),
    'abc',
  );

describe('prepareWeightFile', () => {
  it('writes every tensor as float32 at a multiple of 4096 bytes', async () => {
    const { path, tensors, parameterCount } = await prepareWeightFile(await mixed(), { cacheFolder });
    expect(path).toBe(join(cacheFolder, 'abc.f32'));
    expect(parameterCount).toBe(3 + LARGE + 2);
    const bytes = await readFile(path);
    const numbers = (name: string) => {
      const { byteOffset, shape } = tensors.get(name)!;
      expect(byteOffset % 4096).toBe(0);
      return new Float32Array(bytes.buffer.slice(bytes.byteOffset + byteOffset), 0, elementCount(shape));
    };
    expect(numbers('whole')).toEqual(Float32Array.of(1, -2.5, 1e-45));
    expect(numbers('half')).toEqual(Float32Array.of(1, -2.5));
    const expected = new Uint32Array(LARGE).map((_, i) => (i & 0x7f7f) << 16);
    expect(Buffer.from(numbers('brain').slice().buffer).equals(Buffer.from(expected.buffer))).toBe(true);
    expect(bytes.byteLength % 4096).toBe(0);
    expect((await readdir(cacheFolder)).sort()).toEqual(['abc.f32', 'abc.f32.lock', 'abc.json']);
  });

  it('uses the file again while the fingerprint is the same, and not when it is damaged', async () => {
    const checkpoint = await mixed();
    const { path } = await prepareWeightFile(checkpoint, { cacheFolder });
    const before = await stat(path);
    const again = await prepareWeightFile(checkpoint, { cacheFolder });
    expect((await stat(path)).ino).toBe(before.ino);
    expect(again.tensors.get('half')).toEqual({ byteOffset: expect.any(Number) as number, shape: [2] });
    await writeFile(path, 'torn');
    await prepareWeightFile(checkpoint, { cacheFolder });
    expect((await stat(path)).size).toBe(before.size);
  });

  it('reports progress up to the end', async () => {
    const seen: number[] = [];
    await prepareWeightFile(await mixed(), { cacheFolder, onProgress: (done, total) => seen.push(done / total) });
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });

  it('leaves nothing behind on a full disk and says what to do', async () => {
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const openForWrite = async (path: string) => {
      const file = await open(path, 'wx');
      const write = () => Promise.reject(full);
      return { write, truncate: () => file.truncate(), sync: () => file.sync(), close: () => file.close() };
    };
    await expect(prepareWeightFile(await mixed(), { cacheFolder, openForWrite })).rejects.toMatchObject({
      code: 'storage_full',
      category: 'server',
      status: 507,
    });
    expect(await readdir(cacheFolder)).toEqual(['abc.f32.lock']);
  });

  it('names a checkpoint file that ends too early', async () => {
    const checkpoint = await mixed();
    await writeFile(join(folder, 'model.safetensors'), 'short');
    await expect(prepareWeightFile(checkpoint, { cacheFolder })).rejects.toMatchObject({
      code: 'unsupported_checkpoint',
      message: expect.stringMatching(/model\.safetensors ended inside/) as string,
    });
    expect(await readdir(cacheFolder)).toEqual(['abc.f32.lock']);
  });

  it('sweeps the parts that dead processes left, but not the ones being written', async () => {
    await mkdir(cacheFolder);
    const [old, young] = [join(cacheFolder, 'x.f32.1.part'), join(cacheFolder, 'y.f32.2.part')];
    await writeFile(old, '');
    await writeFile(young, '');
    await utimes(old, 0, 0);
    await prepareWeightFile(await mixed(), { cacheFolder });
    expect((await readdir(cacheFolder)).sort()).toEqual(['abc.f32', 'abc.f32.lock', 'abc.json', 'y.f32.2.part']);
  });

  it('takes the parts of the same file for dead once it has the lock, and old programs for waste', async () => {
    await mkdir(cacheFolder);
    for (const name of ['abc.f32.1.part', 'head-12.onnx', 'head-12.onnx.7.tmp']) {
      await writeFile(join(cacheFolder, name), '');
    }
    await utimes(join(cacheFolder, 'head-12.onnx'), 0, 0);
    await utimes(join(cacheFolder, 'head-12.onnx.7.tmp'), 0, 0);
    await prepareWeightFile(await mixed(), { cacheFolder });
    expect((await readdir(cacheFolder)).sort()).toEqual(['abc.f32', 'abc.f32.lock', 'abc.json']);
  });

  it('converts once, however many ask at the same time', async () => {
    const checkpoint = await mixed();
    let opened = 0;
    const openForWrite = (path: string) => {
      opened++;
      return open(path, 'wx');
    };
    await Promise.all(Array.from({ length: 8 }, () => prepareWeightFile(checkpoint, { cacheFolder, openForWrite })));
    expect(opened).toBe(1);
    expect((await readdir(cacheFolder)).sort()).toEqual(['abc.f32', 'abc.f32.lock', 'abc.json']);
  });
});
