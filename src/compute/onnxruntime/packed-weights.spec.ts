import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomNumbers } from '../../../test/support/models/numbers-builders.js';
import { Graph } from '../graph/graph.js';
import { Operations } from '../graph/operations.js';
import { extractProgram, hostTensor, type Program } from '../graph/program.js';
import { type WeightFile } from '../weight-file.js';
import { OnnxRuntimeExecutor } from './onnxruntime-executor.js';
import { preparePackedWeights } from './packed-weights.js';

const SHAPE = [48, 32];
const ROWS = Float32Array.from(randomNumbers('rows', [3, 32]).data);

let folder: string;
let weights: WeightFile;
let executor: OnnxRuntimeExecutor;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thinker-packed-'));
  weights = {
    path: join(folder, 'abc.f32'),
    tensors: new Map([['w', { byteOffset: 4096, shape: SHAPE }]]),
    parameterCount: 48 * 32,
  };
  const bytes = Buffer.alloc(4096 + 4 * 48 * 32);
  randomNumbers('weight', SHAPE).data.forEach((value, i) => bytes.writeFloatLE(value, 4096 + 4 * i));
  await writeFile(weights.path, bytes);
  executor = new OnnxRuntimeExecutor({ device: 'cpu', threads: 1 });
});
afterEach(async () => {
  await executor.dispose();
  await rm(folder, { recursive: true });
});

/** x w' w: the product as it lies, and transposed. */
function program(): Program {
  const ops = new Operations(new Graph());
  const x = ops.graph.input('x', 'f32', ['T', 32]);
  const w = ops.graph.weight('w', SHAPE);
  return extractProgram(new Map([['y', ops.matmul(ops.matmul(x, w, { transposeB: true }), w)]]));
}

async function product(): Promise<Float32Array> {
  const compiled = await executor.compile('product', program(), weights);
  return (await compiled.run(new Map([['x', hostTensor(ROWS, [3, 32])]]))).get('y')!.data;
}

const packedFile = async () => (await readdir(folder)).find((name) => name.endsWith('.packed'))!;

describe('preparePackedWeights', () => {
  it('gives every session the same numbers as packing by itself', async () => {
    const own = await product();
    await executor.prepare(weights, ['w']);
    expect(await product()).toEqual(own);
  });

  it('has both layouts read from the file, not made again', async () => {
    const own = await product();
    const { path, tensors } = await preparePackedWeights(weights, ['w']);
    const { packs } = tensors.get('w')!;
    expect(new Set(packs.map((pack) => pack.split('|')[1])).size).toBe(2);
    const whole = await readFile(path);
    for (const pack of packs) {
      const [offset, length] = pack.split('|')[1]!.split(';').map(Number) as [number, number];
      await writeFile(path, Buffer.from(whole).fill(0, offset, offset + length));
      await executor.prepare(weights, ['w']);
      expect(await product()).not.toEqual(own);
    }
  });

  it('is not believed where its layouts are not those that this machine makes', async () => {
    const own = await product();
    const { path } = await preparePackedWeights(weights, ['w']);
    const whole = await readFile(path);
    await writeFile(path, Buffer.from(whole).fill(0, 48 * 32 * 4));
    const manifest = await readFile(`${path}.json`, 'utf8');
    await writeFile(`${path}.json`, manifest.replaceAll(/\+\d/g, '+9'));
    await executor.prepare(weights, ['w']);
    expect(await product()).toEqual(own);
  });

  it('is made once, however many ask at the same time, and used again', async () => {
    const [first, ...others] = await Promise.all([1, 2, 3].map(() => preparePackedWeights(weights, ['w'])));
    const { ino } = await stat(first!.path);
    for (const other of [...others, await preparePackedWeights(weights, ['w'])]) expect(other).toEqual(first);
    expect((await stat(first!.path)).ino).toBe(ino);
    const name = await packedFile();
    expect((await readdir(folder)).sort()).toEqual([name, `${name}.json`, `${name}.lock`, 'abc.f32']);
  });

  it('makes a torn file again, and sweeps what an earlier version has packed', async () => {
    const { path } = await preparePackedWeights(weights, ['w']);
    const older = path.replace(/\d+\.\d+\.\d+\.packed$/, '1.0.0.packed');
    await writeFile(older, 'old');
    await writeFile(path, 'torn');
    await preparePackedWeights(weights, ['w']);
    expect((await stat(path)).size).toBe(3 * 48 * 32 * 4);
    expect(await readdir(folder)).not.toContain(older.slice(folder.length + 1));
  });
});

describe('an executor without packed weights', () => {
  it('lets programs pack for themselves where none can be made', async () => {
    const own = await product();
    await executor.prepare(weights, ['nowhere']);
    expect(await product()).toEqual(own);
    expect((await readdir(folder)).filter((name) => !name.endsWith('.lock'))).toEqual(['abc.f32']);
  });

  it('does without when the cache is cleared under it', async () => {
    const own = await product();
    await executor.prepare(weights, ['w']);
    await rm(join(folder, await packedFile()));
    expect(await product()).toEqual(own);
  });
});
