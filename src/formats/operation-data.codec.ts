import { StorageError } from '../common/errors/storage.errors.js';
import { type OperationData } from '../domain/operation-data.js';
import { type RaggedTensor, rowWidth } from '../domain/ragged-tensor.js';
import { encodeSafetensors, parseSafetensors, tensorArray, type TensorToWrite } from './safetensors.js';

/**
 * OperationData as bytes, for the columns of the operation log: a safetensors file whose metadata holds the JSON part.
 * A ragged tensor is stored as `<name>`, shape [rows, ...trailingShape], and `<name>.offsets`. Decoding makes views on
 * the given bytes where they are aligned, so the bytes must not change afterwards. JSON's own limits hold for the JSON
 * part: numbers that are not finite become null.
 */

const JSON_KEY = 'json';
const OFFSETS_SUFFIX = '.offsets';
/** Before the header stands its length. */
const LENGTH_BYTES = 8;

export function encodeOperationData(data: OperationData): Uint8Array {
  const tensors = new Map<string, TensorToWrite>();
  const add = (name: string, tensor: TensorToWrite): void => {
    if (tensors.has(name)) throw new RangeError(`tensor names collide: ${name}`);
    tensors.set(name, tensor);
  };
  for (const [name, tensor] of Object.entries(data.tensors)) {
    const rows = tensor.offsets[tensor.offsets.length - 1] ?? 0;
    const dtype = tensor.data instanceof Float32Array ? 'F32' : 'I32';
    add(name, { dtype, shape: [rows, ...tensor.trailingShape], data: tensor.data });
    add(name + OFFSETS_SUFFIX, { dtype: 'I32', shape: [tensor.offsets.length], data: tensor.offsets });
  }
  return encodeSafetensors(tensors, { [JSON_KEY]: JSON.stringify(data.json) });
}

/** @throws StorageError when the stored bytes are damaged. */
export function decodeOperationData(bytes: Uint8Array): OperationData {
  try {
    const { metadata, tensors: entries } = parseSafetensors(bytes, 'stored operation data');
    const tensors: [string, RaggedTensor][] = [];
    for (const entry of entries.values()) {
      const offsetsEntry = entries.get(entry.name + OFFSETS_SUFFIX);
      if (!offsetsEntry) continue;
      const data = tensorArray(bytes, entry);
      const offsets = tensorArray(bytes, offsetsEntry);
      if (!(data instanceof Float32Array || data instanceof Int32Array) || !(offsets instanceof Int32Array)) {
        throw new TypeError(`tensor ${entry.name} is ${entry.dtype} with ${offsetsEntry.dtype} offsets`);
      }
      tensors.push([entry.name, checkedRagged(entry.name, { data, offsets, trailingShape: entry.shape.slice(1) })]);
    }
    const json = JSON.parse(metadata[JSON_KEY] ?? '') as Record<string, unknown>;
    return { json, tensors: Object.fromEntries(tensors) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StorageError(`Stored operation data is damaged: ${reason}`, {}, { cause: error });
  }
}

function checkedRagged(name: string, tensor: RaggedTensor): RaggedTensor {
  const { offsets, data } = tensor;
  const rising = offsets.every((offset, i) => offset >= (i === 0 ? 0 : offsets[i - 1]!));
  const rows = offsets[offsets.length - 1] ?? 0;
  if (offsets[0] !== 0 || !rising || rows * rowWidth(tensor) !== data.length) {
    throw new RangeError(`the offsets of tensor ${name} do not match its ${data.length} numbers`);
  }
  return tensor;
}

/** The JSON part, from the first bytes of what was encoded; null when they do not hold the whole of it. */
export function decodeJsonPart(head: Uint8Array): OperationData['json'] | null {
  const { buffer, byteOffset, byteLength } = head;
  if (byteLength < LENGTH_BYTES) return null;
  const end = LENGTH_BYTES + Number(new DataView(buffer, byteOffset).getBigUint64(0, true));
  if (end > byteLength) return null;
  const text = new TextDecoder().decode(head.subarray(LENGTH_BYTES, end));
  const header = JSON.parse(text) as { readonly __metadata__?: Readonly<Record<string, string>> };
  return JSON.parse(header.__metadata__?.[JSON_KEY] ?? 'null') as OperationData['json'] | null;
}
