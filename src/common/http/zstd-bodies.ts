import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { ZSTDDecoder } from 'zstddec';
import { BodyTooLargeError, CorruptBodyError } from './body.errors.js';

const MAGIC = 0xfd2fb528;
/** Bytes of a dictionary's id, by the two bits that tell. */
const DICTIONARY_BYTES = [0, 1, 2, 4] as const;

const decoder = new ZSTDDecoder();
const packed = new WeakSet<Request>();

/**
 * Bodies with `Content-Encoding: zstd`, which the body parser cannot unpack on every Node that we run on. One handler
 * goes before it and lets it read the bytes as they are, up to the limit, the other goes behind it and unpacks them.
 * Only for `type`; the body parser answers all other ones.
 */
export function zstdBodies(type: string, limitBytes: number): { before: RequestHandler; after: RequestHandler } {
  return {
    before: (request: Request, _response: Response, next: NextFunction) => {
      if (request.headers['content-encoding']?.toLowerCase() === 'zstd' && request.is(type) === type) {
        packed.add(request);
        delete request.headers['content-encoding'];
      }
      next();
    },
    after: (request: Request, _response: Response, next: NextFunction) => {
      const body: unknown = request.body;
      if (!packed.has(request) || !Buffer.isBuffer(body)) return next();
      unpack(body, limitBytes).then((bytes) => {
        request.body = bytes;
        next();
      }, next);
    },
  };
}

/**
 * One frame that says its size, as ZSTD_compress makes it: so its size is known before any memory is taken.
 * @throws BodyTooLargeError, CorruptBodyError
 */
async function unpack(body: Buffer, limitBytes: number): Promise<Buffer> {
  const size = contentSize(body);
  if (size > limitBytes) throw new BodyTooLargeError(limitBytes, size);
  if (size === 0) return Buffer.alloc(0);
  await decoder.init();
  const bytes = decoder.decode(body, size);
  // What the decoder cannot read gives fewer bytes, not an error.
  if (bytes.length !== size) throw new CorruptBodyError(new Error('it is no whole zstd frame'));
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** What the frame's header says (RFC 8878, 3.1.1.1). @throws CorruptBodyError */
function contentSize(body: Buffer): number {
  // The longest header has 18 bytes; with zeros behind it none is read beyond its end.
  const header = Buffer.concat([body.subarray(0, 18)], 18);
  if (header.readUInt32LE() !== MAGIC) throw new CorruptBodyError(new Error('it does not begin with a zstd frame'));
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
      throw new CorruptBodyError(new Error('its zstd frame does not say how large its content is'));
  }
}
