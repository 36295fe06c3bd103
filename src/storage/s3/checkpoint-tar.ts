import { pack } from 'tar-stream';
import { encodeTarIndex } from './tar-index.js';

/** Views of this size are passed on, so that no buffer behind them need hold more than a part. */
const PIECE_BYTES = 2 ** 20;

/**
 * The files of a checkpoint as one tar, which begins with an index of itself. Small files come first: they can be read
 * together with the index. Empty ones come last: `checkpoint_complete`, for who unpacks it.
 */
export async function* packCheckpoint(
  files: ReadonlyMap<string, Uint8Array>,
  modified: Date,
): AsyncGenerator<Uint8Array, void, undefined> {
  const ordered = [...files].sort(([, a], [, b]) => rank(a) - rank(b));
  const archive = pack();
  let pax: Record<string, string> | undefined = { comment: encodeTarIndex(ordered) };
  for (const [name, { buffer, byteOffset, byteLength }] of ordered) {
    archive.entry({ name, mtime: modified, mode: 0o644, pax }, Buffer.from(buffer, byteOffset, byteLength));
    pax = undefined;
  }
  archive.finalize();
  for await (const chunk of archive) {
    const bytes = chunk as Uint8Array;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
  }
}

function rank({ byteLength }: Uint8Array): number {
  return byteLength === 0 ? Infinity : byteLength;
}
