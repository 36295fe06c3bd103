import { createHash, randomUUID } from 'node:crypto';
import { open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { basename, dirname, join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { lockFile } from '../../common/concurrency/file-lock.js';
import { type WeightFile } from '../weight-file.js';
import { externalInitializers } from './onnx-reader.js';
import { ONNX_FLOAT, OnnxWriter } from './onnx-writer.js';

/** A weight in a file that also holds it in the layouts that multiply fastest. */
export interface PackedTensor {
  readonly byteOffset: number;
  /** Where its layouts lie, as OnnxWriter.external() takes them. */
  readonly packs: readonly string[];
}

export interface PackedWeights {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, PackedTensor>;
}

/** Operators that multiply rows by a weight; all of them want the same layout. */
const PRODUCTS = ['FusedMatMul', 'Gemm'];

/**
 * One file per base model beside its float32 weights, `<fingerprint>.<machine>.<version>.packed`: the weights that rows
 * are multiplied by, each also in the two layouts in which onnxruntime multiplies fastest, for the forward (transposed)
 * and for the backward. Every session maps it, so these layouts are in memory once, however many programs there are;
 * without it each program makes its own. It takes three times the room of the float32 weights.
 *
 * onnxruntime writes it. It also proves it: a session packs each weight when it is made, and takes the layout in the file
 * only if that has the hash of its own, so a file of another processor or version costs memory, and never a wrong result.
 *
 * Made once, whole or not at all. Of several processes that share the folder one makes it, and the others wait.
 *
 * @param factors names of the weights that rows are multiplied by
 * @throws when the file can be neither read nor made
 */
export async function preparePackedWeights(weights: WeightFile, factors: readonly string[]): Promise<PackedWeights> {
  const stem = `${weights.path.replace(/\.f32$/, '')}.${machine()}.`;
  const path = `${stem}${ort.env.versions.common}.packed`;
  const ready = await readReady(path);
  if (ready) return ready;
  const lock = await lockFile(`${path}.lock`);
  try {
    const known = await readReady(path);
    if (known) return known;
    await removeOlder(stem);
    await make(weights, factors, path);
    const made = await readReady(path);
    if (!made) throw new Error(`The packed weights ${path} are not what was written.`);
    return made;
  } finally {
    await lock.release();
  }
}

/** What the layouts depend on besides the version. */
function machine(): string {
  const model = `${process.arch} ${cpus()[0]?.model ?? ''}`;
  return createHash('sha256').update(model).digest('hex').slice(0, 8);
}

interface Manifest {
  readonly bytes: number;
  readonly tensors: Readonly<Record<string, PackedTensor>>;
}

const manifestOf = (path: string) => `${path}.json`;

/** Null when there is no whole file. */
async function readReady(path: string): Promise<PackedWeights | null> {
  try {
    const [text, { size }] = await Promise.all([readFile(manifestOf(path), 'utf8'), stat(path)]);
    const { bytes, tensors } = JSON.parse(text) as Manifest;
    return bytes === size ? { path, tensors: new Map(Object.entries(tensors)) } : null;
  } catch {
    return null;
  }
}

/** The manifest is written last, so that a pair that is there is whole. */
async function make(weights: WeightFile, factors: readonly string[], path: string): Promise<void> {
  const folder = dirname(path);
  const id = randomUUID();
  const [part, model, list] = ['part', 'model.part', 'list.part'].map((end) => `${path}.${id}.${end}`) as [
    string,
    string,
    string,
  ];
  try {
    const session = await ort.InferenceSession.create(productsOf(weights, factors), {
      executionProviders: ['cpu'],
      intraOpNumThreads: 1,
      enableCpuMemArena: false,
      graphOptimizationLevel: 'disabled',
      logSeverityLevel: 3,
      optimizedModelFilePath: model,
      extra: {
        session: {
          model_external_initializers_file_folder_path: folder,
          optimized_model_external_initializers_file_name: basename(part),
          save_external_prepacked_constant_initializers: '1',
        },
      },
    });
    await session.release();
    const tensors = tensorsOf(await readFile(model));
    const bytes = await syncedSize(part);
    await rename(part, path);
    await writeFile(list, JSON.stringify({ bytes, tensors } satisfies Manifest));
    await rename(list, manifestOf(path));
  } finally {
    for (const file of [part, model, list]) await rm(file, { force: true });
  }
}

/** A model that multiplies by every factor, as it lies and transposed: what has onnxruntime pack both. */
function productsOf(weights: WeightFile, factors: readonly string[]): Uint8Array {
  const writer = new OnnxWriter();
  for (const name of factors) {
    const { byteOffset, shape } = weights.tensors.get(name)!;
    const [rows, columns] = shape as [number, number];
    const bytes = rows * columns * Float32Array.BYTES_PER_ELEMENT;
    writer.external(name, shape, { file: basename(weights.path), byteOffset, bytes });
    for (const transB of [0, 1]) {
      const [inner, outer] = transB ? [columns, rows] : [rows, columns];
      writer.input(`x${transB}.${name}`, ONNX_FLOAT, ['T', inner]);
      writer.output(`y${transB}.${name}`, ONNX_FLOAT, ['T', outer]);
      const attributes = { transA: 0, transB, alpha: { float: 1 } };
      writer.node('FusedMatMul', [`x${transB}.${name}`, name], [`y${transB}.${name}`], attributes, { microsoft: true });
    }
  }
  return writer.finish();
}

/** Reads off the model that onnxruntime has written where everything lies. Small weights are not in the file. */
function tensorsOf(model: Uint8Array): Record<string, PackedTensor> {
  const tensors: Record<string, PackedTensor> = {};
  for (const [name, entries] of externalInitializers(model)) {
    const found = [...entries].filter(([key]) => key.startsWith('prepacked_')).map(([, value]) => value);
    // `<operator>+<hash>|<offset>;<length>;<checksum>`: the layout serves every operator that asks for this hash.
    const packs = found.flatMap((pack) => PRODUCTS.map((operator) => `${operator}${pack.slice(pack.indexOf('+'))}`));
    tensors[name] = { byteOffset: Number(entries.get('offset') ?? 0), packs };
  }
  return tensors;
}

async function syncedSize(path: string): Promise<number> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

/** What earlier versions have packed on this machine, and parts of processes that have died: nobody needs them. */
async function removeOlder(stem: string): Promise<void> {
  const folder = dirname(stem);
  for (const name of await readdir(folder)) {
    const mayGo = name.startsWith(basename(stem)) && !name.endsWith('.lock');
    if (mayGo) await rm(join(folder, name), { force: true });
  }
}
