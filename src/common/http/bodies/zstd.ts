import { ZSTDDecoder } from 'zstddec';
import { buffersOf, type TaskOutput, type ThreadTask } from '../../threads/thread-task.js';
import { BodyTooLargeError, CorruptBodyError } from './body.errors.js';

const MAGIC = 0xfd2fb528;
/** Bytes of a dictionary's id, by the two bits that tell. */
const DICTIONARY_BYTES = [0, 1, 2, 4] as const;

const decoder = new ZSTDDecoder();

/** For what is large. */
export const UNPACK_ZSTD: ThreadTask<Uint8Array, Uint8Array> = { url: import.meta.url, run: unpackZstdTask };

export async function unpackZstdTask(packed: Uint8Array): Promise<TaskOutput<Uint8Array>> {
  const value = await unpackZstd(packed, Infinity);
  return { value, transfer: buffersOf([value]) };
}

/**
 * One frame that says its size, as ZSTD_compress makes it: so its size is known before any memory is taken.
 * @throws BodyTooLargeError, CorruptBodyError
 */
export async function unpackZstd(packed: Uint8Array, limitBytes: number): Promise<Uint8Array> {
  const size = zstdContentSize(packed, limitBytes);
  if (size === 0) return new Uint8Array(0);
  await decoder.init();
  const bytes = decoder.decode(packed, size);
  // What the decoder cannot read gives fewer bytes, not an error.
  if (bytes.length !== size) throw new CorruptBodyError(new Error('it is not a complete zstd frame'));
  return bytes;
}

/** What the frame's header says (RFC 8878, 3.1.1.1). @throws BodyTooLargeError, CorruptBodyError */
export function zstdContentSize(packed: Uint8Array, limitBytes: number): number {
  // The longest header has 18 bytes; with zeros behind it none is read beyond its end.
  const header = Buffer.concat([packed.subarray(0, 18)], 18);
  if (header.readUInt32LE() !== MAGIC) throw new CorruptBodyError(new Error('it does not begin with a zstd frame'));
  const size = sizeIn(header);
  if (size > limitBytes) throw new BodyTooLargeError(limitBytes, size);
  return size;
}

function sizeIn(header: Buffer): number {
  const flags = header.readUInt8(4);
  const isSingleSegment = (flags & 0x20) !== 0;
  const at = 5 + (isSingleSegment ? 0 : 1) + (DICTIONARY_BYTES[flags & 3] ?? 0);
  switch (flags >> 6) {
    case 1:
      return header.readUInt16LE(at) + 256;
    case 2:
      return header.readUInt32LE(at);
    case 3:
      return Number(header.readBigUInt64LE(at));
    default:
      if (isSingleSegment) return header.readUInt8(at);
      throw new CorruptBodyError(new Error('its zstd frame does not state the size of its content'));
  }
}
