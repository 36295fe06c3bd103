import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { toStorageError } from '../../common/errors/storage.errors.js';
import { lockFile } from '../../common/concurrency/file-lock.js';
import { type CheckpointFiles, type CheckpointTensor } from '../../base-models/checkpoint-files.js';
import { UnsupportedCheckpointError } from '../../formats/format.errors.js';
import { bfloat16ToFloat32, float16ToFloat32 } from '../../formats/half-floats.js';
import { elementCount, itemBytes } from '../../formats/safetensors.js';
import { type WeightFile, type WeightTensor } from '../weight-file.js';

export interface WeightFileOptions {
  /** Folder of the cache, made when missing. */
  readonly cacheFolder: string;
  /** Told now and then while converting: bytes written so far, and in all. */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
  /** Opens the file to write; a test puts a full disk here. */
  readonly openForWrite?: (path: string) => Promise<Pick<FileHandle, 'write' | 'truncate' | 'sync' | 'close'>>;
}

const ALIGNMENT = 4096;
/** Numbers converted at a time: 16 MiB of float32. */
const CHUNK_ELEMENTS = 4 * 1024 * 1024;
/** Nobody writes on a file this old any more: its process died. */
const ABANDONED_MS = 10 * 60_000;

/**
 * One float32 file per base model in the cache, which every session maps into memory: `<fingerprint>.f32`, each tensor
 * as stored by Hugging Face ([out, in]) at a multiple of 4096 bytes, and `<fingerprint>.json` that says where. The
 * manifest is written last, so a pair that is there is whole; it is used again until the checkpoint's files change.
 * Converting streams: memory does not grow with the model. Of several processes that share the cache one converts, and
 * the others wait for it.
 *
 * @throws StorageOutageError when the disk is full; no part stays behind
 */
export async function prepareWeightFile(checkpoint: CheckpointFiles, options: WeightFileOptions): Promise<WeightFile> {
  const { cacheFolder } = options;
  const layout = layoutOf(checkpoint);
  const path = join(cacheFolder, `${checkpoint.fingerprint}.f32`);
  const manifestPath = join(cacheFolder, `${checkpoint.fingerprint}.json`);
  const manifest = JSON.stringify({ bytes: layout.bytes, tensors: Object.fromEntries(layout.tensors) });
  const ready = () => isReady(path, manifestPath, layout.bytes, manifest);
  await removeAbandoned(cacheFolder);
  if (!(await ready())) {
    try {
      const lock = await lockFile(`${path}.lock`);
      try {
        if (lock.exclusive) await removeParts(path);
        if (!(await ready())) await convert(checkpoint, layout, path, options);
        await writeWhole(manifestPath, manifest);
      } finally {
        await lock.release();
      }
    } catch (error) {
      throw toStorageError(error, 'the float32 weights', cacheFolder);
    }
  }
  return { path, tensors: layout.tensors, parameterCount: checkpoint.parameterCount };
}

/** Writes the weights under a name of this process's own, then gives them theirs. */
async function convert(
  checkpoint: CheckpointFiles,
  layout: Layout,
  path: string,
  { onProgress, openForWrite = (name) => open(name, 'wx') }: WeightFileOptions,
): Promise<void> {
  const part = `${path}.${randomUUID()}.part`;
  try {
    const target = await openForWrite(part);
    try {
      await convertAll(checkpoint, layout, target, onProgress);
      await target.truncate(layout.bytes);
      await target.sync();
    } finally {
      await target.close();
    }
    await rename(part, path);
  } finally {
    await rm(part, { force: true });
  }
}

async function writeWhole(path: string, text: string): Promise<void> {
  const part = `${path}.${randomUUID()}.part`;
  try {
    await writeFile(part, text);
    await rename(part, path);
  } finally {
    await rm(part, { force: true });
  }
}

interface Layout {
  readonly tensors: ReadonlyMap<string, WeightTensor>;
  readonly bytes: number;
}

function layoutOf(checkpoint: CheckpointFiles): Layout {
  const tensors = new Map<string, WeightTensor>();
  let bytes = 0;
  for (const { name, shape } of checkpoint.tensors.values()) {
    tensors.set(name, { byteOffset: bytes, shape });
    bytes = Math.ceil((bytes + elementCount(shape) * 4) / ALIGNMENT) * ALIGNMENT;
  }
  return { tensors, bytes };
}

async function isReady(path: string, manifestPath: string, bytes: number, manifest: string): Promise<boolean> {
  try {
    const [written, file] = await Promise.all([readFile(manifestPath, 'utf8'), stat(path)]);
    return written === manifest && file.size === bytes;
  } catch {
    return false;
  }
}

async function convertAll(
  checkpoint: CheckpointFiles,
  layout: Layout,
  target: Pick<FileHandle, 'write'>,
  onProgress: WeightFileOptions['onProgress'],
): Promise<void> {
  const input = Buffer.alloc(CHUNK_ELEMENTS * 4);
  const output = new Float32Array(CHUNK_ELEMENTS);
  const sources = new Map<string, FileHandle>();
  try {
    for (const tensor of checkpoint.tensors.values()) {
      const source = sources.get(tensor.file) ?? (await open(tensor.file, 'r'));
      sources.set(tensor.file, source);
      const { byteOffset } = layout.tensors.get(tensor.name)!;
      await convertTensor(tensor, source, target, byteOffset, input, output);
      onProgress?.(byteOffset, layout.bytes);
    }
    onProgress?.(layout.bytes, layout.bytes);
  } finally {
    for (const source of sources.values()) await source.close();
  }
}

async function convertTensor(
  tensor: CheckpointTensor,
  source: FileHandle,
  target: Pick<FileHandle, 'write'>,
  targetOffset: number,
  input: Buffer,
  output: Float32Array,
): Promise<void> {
  const itemSize = itemBytes(tensor.dtype);
  const count = tensor.byteLength / itemSize;
  for (let done = 0; done < count; done += CHUNK_ELEMENTS) {
    const length = Math.min(CHUNK_ELEMENTS, count - done);
    const stored = input.subarray(0, length * itemSize);
    await readExactly(source, stored, tensor.byteOffset + done * itemSize, tensor);
    const bytes = float32Bytes(tensor, stored, output.subarray(0, length));
    await writeFully(target, bytes, targetOffset + done * 4);
  }
}

/** The stored numbers as float32: the same bytes for F32, else converted into `output`. */
function float32Bytes(tensor: CheckpointTensor, stored: Buffer, output: Float32Array): Buffer {
  if (tensor.dtype === 'F32') return stored;
  const halves = new Uint16Array(stored.buffer, stored.byteOffset, stored.byteLength / 2);
  if (tensor.dtype === 'BF16') bfloat16ToFloat32(halves, output);
  else float16ToFloat32(halves, output);
  return Buffer.from(output.buffer, output.byteOffset, output.byteLength);
}

async function readExactly(
  source: FileHandle,
  into: Buffer,
  position: number,
  tensor: CheckpointTensor,
): Promise<void> {
  for (let done = 0; done < into.byteLength;) {
    const { bytesRead } = await source.read(into, done, into.byteLength - done, position + done);
    if (bytesRead === 0) {
      throw new UnsupportedCheckpointError(`${tensor.file} ended inside ${tensor.name} while it was being read.`);
    }
    done += bytesRead;
  }
}

async function writeFully(target: Pick<FileHandle, 'write'>, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength;) {
    done += (await target.write(bytes, done, bytes.byteLength - done, position + done)).bytesWritten;
  }
}

/** Parts of one file, for the holder of its lock: whoever wrote them is dead. */
async function removeParts(path: string): Promise<void> {
  const isPart = (name: string) => name.startsWith(basename(path)) && name.endsWith('.part');
  await removeFiles(dirname(path), (name) => Promise.resolve(isPart(name)));
}

/** What dead processes have left, and the programs that earlier versions wrote beside the weights. */
async function removeAbandoned(folder: string): Promise<void> {
  await removeFiles(folder, async (name) => {
    if (!/\.(part|part\.json|onnx|onnx\.\d+\.tmp)$/.test(name)) return false;
    const { mtimeMs } = await stat(join(folder, name));
    return Date.now() - mtimeMs > ABANDONED_MS;
  });
}

/** They only take room, and another process may be faster, so a failure is not a reason to stop. */
async function removeFiles(folder: string, mayGo: (name: string) => Promise<boolean>): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (await mayGo(name).catch(() => false)) await rm(join(folder, name), { force: true }).catch(() => undefined);
  }
}
