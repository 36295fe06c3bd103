import { Buffer } from 'node:buffer';

/**
 * The GGUF format, version 3 (ggml/docs/gguf.md of llama.cpp): a header with metadata and a description of the tensors,
 * then the tensors, each at a multiple of 32 bytes. Written here are the value types that models need.
 */
export type GgufValue =
  | { readonly type: 'uint32'; readonly value: number }
  | { readonly type: 'float32'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'int32s'; readonly value: readonly number[] };

export type GgufMetadata = ReadonlyMap<string, GgufValue>;

/** By ggml's numbers. */
const TENSOR_TYPES = { F32: 0, F16: 1, Q8_0: 8 } as const;
export type GgufTensorType = keyof typeof TENSOR_TYPES;

export interface GgufTensor {
  readonly name: string;
  readonly type: GgufTensorType;
  /** As in PyTorch: rows first. GGUF has it the other way round. */
  readonly shape: readonly number[];
}

const VALUE_TYPES = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 } as const;
const ALIGNMENT = 32;
const VERSION = 3;

export function ggufTensorBytes({ type, shape }: GgufTensor): number {
  const count = shape.reduce((product, size) => product * size, 1);
  switch (type) {
    case 'F32':
      return 4 * count;
    case 'F16':
      return 2 * count;
    case 'Q8_0':
      return (count / 32) * 34;
  }
}

/** Zeros that follow this number of bytes. */
export function ggufPadding(bytes: number): number {
  return (ALIGNMENT - (bytes % ALIGNMENT)) % ALIGNMENT;
}

/** All that stands before the tensors, which follow in this order, each with its padding. */
export function encodeGgufHeader(metadata: GgufMetadata, tensors: readonly GgufTensor[]): Uint8Array {
  const head = [Buffer.from('GGUF'), uint32(VERSION), uint64(tensors.length), uint64(metadata.size)];
  const pairs = [...metadata].map(([key, value]) => Buffer.concat([text(key), ...encodedValue(value)]));
  let offset = 0;
  const descriptions = tensors.map((tensor) => {
    const { name, type, shape } = tensor;
    const sizes = [...shape].reverse().map(uint64);
    const start = uint64(offset);
    const bytes = ggufTensorBytes(tensor);
    offset += bytes + ggufPadding(bytes);
    return Buffer.concat([text(name), uint32(shape.length), ...sizes, uint32(TENSOR_TYPES[type]), start]);
  });
  const header = Buffer.concat([...head, ...pairs, ...descriptions]);
  return Buffer.concat([header, new Uint8Array(ggufPadding(header.byteLength))]);
}

function encodedValue(entry: GgufValue): Uint8Array[] {
  switch (entry.type) {
    case 'uint32':
      return [uint32(VALUE_TYPES.uint32), uint32(entry.value)];
    case 'float32':
      return [uint32(VALUE_TYPES.float32), new Uint8Array(Float32Array.of(entry.value).buffer)];
    case 'bool':
      return [uint32(VALUE_TYPES.bool), Uint8Array.of(entry.value ? 1 : 0)];
    case 'string':
      return [uint32(VALUE_TYPES.string), text(entry.value)];
    case 'strings':
      return [arrayHead(VALUE_TYPES.string, entry.value.length), Buffer.concat(entry.value.map(text))];
    case 'int32s':
      return [arrayHead(VALUE_TYPES.int32, entry.value.length), new Uint8Array(Int32Array.from(entry.value).buffer)];
  }
}

function arrayHead(type: number, length: number): Uint8Array {
  return Buffer.concat([uint32(VALUE_TYPES.array), uint32(type), uint64(length)]);
}

function text(value: string): Uint8Array {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint64(bytes.byteLength), bytes]);
}

function uint32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

function uint64(value: number): Uint8Array {
  return new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
}
