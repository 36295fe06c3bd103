import { open } from 'node:fs/promises';
import { JsonTooComplexError } from '../common/json/json-too-complex.error.js';
import { scanJson } from '../common/json/json-scan.js';
import { bfloat16ToFloat32, float16ToFloat32 } from './half-floats.js';
import { InvalidSafetensorsError } from './format.errors.js';

/**
 * The safetensors format: 8 bytes of header length, a JSON header, then the tensors. The checks are those of the
 * reference implementation: header within its limit, offsets without holes or overlaps, sizes that follow from dtype
 * and shape, and a data part that ends with the file. A file's header can be read without its tensors; tensors of bytes
 * in memory are views, copied only where their alignment demands it. Little-endian machines only, like the format.
 */

const ITEM_BYTES = { F64: 8, I64: 8, F32: 4, I32: 4, F16: 2, BF16: 2, U8: 1, BOOL: 1 } as const;
export type SafetensorsDtype = keyof typeof ITEM_BYTES;

/** Where a tensor lies: bytes begin .. end from the start of the file. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
}

export type TensorArray = Float64Array | BigInt64Array | Float32Array | Int32Array | Uint16Array | Uint8Array;

export interface TensorToWrite {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** The numbers' bytes, row-major; F16 and BF16 as Uint16Array. */
  readonly data: TensorArray;
}

/** The reference implementation's limit. */
const MAX_HEADER_BYTES = 100_000_000;
/** A hundred times what the largest checkpoints have in one file. */
const MAX_TENSORS = 2 ** 17;
const HEADER_LIMITS = { fields: MAX_TENSORS, parts: 12 * MAX_TENSORS, values: 12 * MAX_TENSORS };
const MAX_NAME_LENGTH = 4096;
const PREFIX_BYTES = 8;

export function itemBytes(dtype: SafetensorsDtype): number {
  return ITEM_BYTES[dtype];
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Reads only the header of a file. @throws InvalidSafetensorsError that names the file. */
export async function readSafetensorsHeader(path: string): Promise<{ header: SafetensorsHeader; headerBytes: Buffer }> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const prefix = Buffer.alloc(PREFIX_BYTES);
    const { bytesRead } = await file.read(prefix, 0, PREFIX_BYTES, 0);
    const length = headerLength(prefix.subarray(0, bytesRead), size, path);
    const headerBytes = Buffer.alloc(length);
    await file.read(headerBytes, 0, length, PREFIX_BYTES);
    return { header: parseHeader(headerBytes, size, path), headerBytes };
  } finally {
    await file.close();
  }
}

/** Header of a whole file in memory. `what` names it in errors. */
export function parseSafetensors(bytes: Uint8Array, what = 'safetensors data'): SafetensorsHeader {
  const length = headerLength(bytes.subarray(0, PREFIX_BYTES), bytes.byteLength, what);
  return parseHeader(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + length), bytes.byteLength, what);
}

function headerLength(prefix: Uint8Array, fileSize: number, what: string): number {
  if (prefix.byteLength < PREFIX_BYTES) throw invalid(what, `it has ${fileSize} bytes, less than the 8 of a header`);
  const length = Number(new DataView(prefix.buffer, prefix.byteOffset, PREFIX_BYTES).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES) throw invalid(what, `its header would be ${length} bytes long`);
  if (PREFIX_BYTES + length > fileSize) {
    throw invalid(what, `it ends inside its header (${length} bytes expected, the file has ${fileSize})`);
  }
  return length;
}

function parseHeader(headerBytes: Uint8Array, fileSize: number, what: string): SafetensorsHeader {
  let parsed: unknown;
  try {
    scanJson(headerBytes, HEADER_LIMITS);
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(headerBytes));
  } catch (error) {
    if (error instanceof JsonTooComplexError) {
      throw invalid(what, `its header has more than ${error.limit} ${error.what}`);
    }
    throw invalid(what, 'its header is not JSON');
  }
  if (!isRecord(parsed)) throw invalid(what, 'its header is not a JSON object');
  const dataStart = PREFIX_BYTES + headerBytes.byteLength;
  const tensors = new Map<string, TensorEntry>();
  for (const [name, value] of Object.entries(parsed)) {
    if (name.length > MAX_NAME_LENGTH) throw invalid(what, `a tensor's name has ${name.length} characters`);
    if (name !== '__metadata__') tensors.set(name, parseEntry(name, value, dataStart, what));
  }
  checkLayout(tensors, dataStart, fileSize, what);
  return { metadata: parseMetadata(parsed['__metadata__'], what), tensors };
}

function parseMetadata(value: unknown, what: string): Record<string, string> {
  if (value === undefined || value === null) return {};
  if (!isRecord(value)) throw invalid(what, '__metadata__ is not an object');
  const metadata: Record<string, string> = {};
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw invalid(what, `__metadata__.${key} is not a string`);
    metadata[key] = text;
  }
  return metadata;
}

function parseEntry(name: string, value: unknown, dataStart: number, what: string): TensorEntry {
  if (!isRecord(value)) throw invalid(what, `tensor ${name} has no description`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isDtype(dtype)) throw invalid(what, `tensor ${name} has the unsupported dtype ${String(dtype)}`);
  if (!isSizeList(shape)) throw invalid(what, `tensor ${name} has no valid shape`);
  if (!isSizeList(offsets) || offsets.length !== 2) throw invalid(what, `tensor ${name} has no valid data_offsets`);
  const [begin, end] = offsets as [number, number];
  const expected = elementCount(shape) * ITEM_BYTES[dtype];
  if (end - begin !== expected) {
    throw invalid(
      what,
      `tensor ${name} has ${end - begin} bytes, but [${shape.join(', ')}] ${dtype} needs ${expected}`,
    );
  }
  return { name, dtype, shape, begin: dataStart + begin, end: dataStart + end };
}

function checkLayout(
  tensors: ReadonlyMap<string, TensorEntry>,
  dataStart: number,
  fileSize: number,
  what: string,
): void {
  let position = dataStart;
  const inOrder = [...tensors.values()].sort((a, b) => a.begin - b.begin || a.end - b.end);
  for (const { name, begin, end } of inOrder) {
    if (begin < position) throw invalid(what, `tensor ${name} overlaps another one`);
    if (begin > position) throw invalid(what, `there are unused bytes before tensor ${name}`);
    position = end;
  }
  if (position > fileSize) {
    throw invalid(what, `it is truncated: the tensors need ${position} bytes, but the file has ${fileSize}`);
  }
  if (position < fileSize) throw invalid(what, `${fileSize - position} bytes follow the last tensor`);
}

/** The numbers of a tensor of `bytes`, as stored: a view, or a copy where the bytes are not aligned for their type. */
export function tensorArray(bytes: Uint8Array, entry: TensorEntry): TensorArray {
  const size = ITEM_BYTES[entry.dtype];
  const begin = bytes.byteOffset + entry.begin;
  const aligned = begin % size === 0;
  // Not slice(): on a Buffer that is a view too.
  const buffer = aligned ? bytes.buffer : new Uint8Array(bytes.subarray(entry.begin, entry.end)).buffer;
  const offset = aligned ? begin : 0;
  const count = (entry.end - entry.begin) / size;
  switch (entry.dtype) {
    case 'F64':
      return new Float64Array(buffer, offset, count);
    case 'I64':
      return new BigInt64Array(buffer, offset, count);
    case 'F32':
      return new Float32Array(buffer, offset, count);
    case 'I32':
      return new Int32Array(buffer, offset, count);
    case 'F16':
    case 'BF16':
      return new Uint16Array(buffer, offset, count);
    case 'U8':
    case 'BOOL':
      return new Uint8Array(buffer, offset, count);
    default:
      return entry.dtype satisfies never;
  }
}

const FLOAT_DTYPES = ['F32', 'F16', 'BF16'] as const;
export type FloatDtype = (typeof FLOAT_DTYPES)[number];

/** The dtypes that weights come in; the others (F64, integers) are no weights here. */
export function isFloatDtype(dtype: SafetensorsDtype): dtype is FloatDtype {
  return FLOAT_DTYPES.some((known) => known === dtype);
}

/** The numbers of an F32, F16 or BF16 tensor as float32: a view for aligned F32, else new memory. */
export function tensorAsFloat32(bytes: Uint8Array, entry: TensorEntry): Float32Array {
  const stored = tensorArray(bytes, entry);
  if (stored instanceof Float32Array) return stored;
  if (!(stored instanceof Uint16Array)) {
    throw new InvalidSafetensorsError(`Tensor ${entry.name} is ${entry.dtype}; weights are F32, F16 or BF16.`);
  }
  const numbers = new Float32Array(stored.length);
  if (entry.dtype === 'BF16') bfloat16ToFloat32(stored, numbers);
  else float16ToFloat32(stored, numbers);
  return numbers;
}

/**
 * A whole file. Larger item types come first and the header is padded to 8 bytes, so every tensor is aligned for its
 * type; within a type the order is the given one.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, TensorToWrite>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const order = [...tensors].sort(([, a], [, b]) => ITEM_BYTES[b.dtype] - ITEM_BYTES[a.dtype]);
  for (const [name, { dtype, shape, data }] of order) {
    if (data.byteLength !== elementCount(shape) * ITEM_BYTES[dtype]) {
      throw new RangeError(`tensor ${name}: ${data.byteLength} bytes do not match [${shape.join(', ')}] ${dtype}`);
    }
  }
  const header = encodeSafetensorsHeader(order, metadata);
  const size = order.reduce((sum, [, { data }]) => sum + data.byteLength, 0);
  const bytes = new Uint8Array(header.byteLength + size);
  bytes.set(header);
  let position = header.byteLength;
  for (const [, { data }] of order) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return bytes;
}

/** What stands before the tensors, which follow in the given order without gaps. */
export function encodeSafetensorsHeader(
  tensors: Iterable<readonly [string, Pick<TensorToWrite, 'dtype' | 'shape'>]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const description: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) description.push(['__metadata__', metadata]);
  let size = 0;
  for (const [name, { dtype, shape }] of tensors) {
    if (name === '__metadata__') throw new RangeError('__metadata__ is not a valid tensor name');
    const end = size + elementCount(shape) * ITEM_BYTES[dtype];
    description.push([name, { dtype, shape, data_offsets: [size, end] }]);
    size = end;
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(description)));
  const headerBytes = Math.ceil(json.byteLength / 8) * 8;
  const bytes = new Uint8Array(PREFIX_BYTES + headerBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.fill(0x20, PREFIX_BYTES);
  bytes.set(json, PREFIX_BYTES);
  return bytes;
}

function isDtype(value: unknown): value is SafetensorsDtype {
  return typeof value === 'string' && Object.hasOwn(ITEM_BYTES, value);
}

function isSizeList(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(what: string, reason: string): InvalidSafetensorsError {
  return new InvalidSafetensorsError(`${what} is not a valid safetensors file: ${reason}.`);
}
