import { type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Request } from 'express';
import { type BodyAccount } from './body-budget.js';
import { BodyTooLargeError, CorruptBodyError, MalformedBodyError, UnsupportedEncodingError } from './body.errors.js';

/** Few and large pieces: each one costs the event loop a round. */
const UNPACKING = { chunkSize: 2 ** 18 };
const DECODERS: ReadonlyMap<string, () => Readable & NodeJS.WritableStream> = new Map([
  ['gzip', () => createGunzip(UNPACKING)],
  ['deflate', () => createInflate(UNPACKING)],
  ['br', () => createBrotliDecompress(UNPACKING)],
]);

export interface ReceiveOptions {
  /** Of the content encoding; `identity` leaves the bytes as they are. */
  readonly encoding: string;
  readonly limitBytes: number;
  readonly account: BodyAccount;
}

/**
 * All bytes of a body, unpacked. Each piece is counted before the next one is taken. A refusal leaves the rest unread.
 * @throws BodyTooLargeError, CorruptBodyError, UnsupportedEncodingError, BodiesInFlightError, MalformedBodyError when
 * the client goes away
 */
export async function receive(
  request: Request,
  { encoding, limitBytes, account }: ReceiveOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limitBytes) throw new BodyTooLargeError(limitBytes, announced);
  const decoder = encoding === 'identity' ? null : DECODERS.get(encoding)?.();
  if (decoder === undefined) throw new UnsupportedEncodingError(`unsupported content encoding "${encoding}"`);
  account.expect(announced);
  const chunks: Buffer[] = [];
  let length = 0;
  const take = (chunk: Buffer): void => {
    length += chunk.length;
    if (length > limitBytes) throw new BodyTooLargeError(limitBytes, undefined);
    account.add(chunk.length);
    chunks.push(chunk);
  };
  try {
    await consume(request, decoder, take);
  } finally {
    if (decoder) {
      request.unpipe(decoder);
      decoder.destroy();
    }
  }
  return join(chunks, length);
}

function consume(
  request: Request,
  decoder: (Readable & NodeJS.WritableStream & { destroy(): unknown }) | null,
  take: (chunk: Buffer) => void,
): Promise<void> {
  const source: Readable = decoder ?? request;
  return new Promise((resolve, reject) => {
    const onData = (chunk: Buffer): void => {
      try {
        take(chunk);
      } catch (error) {
        source.pause();
        settle(() => reject(error instanceof Error ? error : new TypeError(String(error))));
      }
    };
    // A request closes also when all of it has come.
    const onGone = (): void => {
      if (!request.complete) settle(() => reject(new MalformedBodyError('the client has disconnected', undefined)));
    };
    const onCorrupt = (error: Error): void => settle(() => reject(new CorruptBodyError(error)));
    const onEnd = (): void => settle(resolve);
    const settle = (tell: () => void): void => {
      source.off('data', onData).off('end', onEnd);
      request
        .off('close', onGone)
        .off('error', onGone)
        .on('error', () => undefined);
      decoder?.off('error', onCorrupt).on('error', () => undefined);
      tell();
    };
    source.on('data', onData).on('end', onEnd);
    request.on('error', onGone).on('close', onGone);
    decoder?.on('error', onCorrupt);
    if (decoder) request.pipe(decoder);
  });
}

/** In memory of its own, so that it can move to a thread. */
function join(chunks: readonly Buffer[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
