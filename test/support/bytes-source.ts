import { type ByteSource } from '../../src/datasets/containers/container.js';
import { openDataset, type NumberedExample } from '../../src/datasets/read-dataset.js';

/** A file in memory that comes in pieces of this many bytes. */
export function bytesSource(content: string | Uint8Array, pieceBytes = 2 ** 20): ByteSource {
  const bytes = Uint8Array.from(typeof content === 'string' ? Buffer.from(content) : content);
  return {
    size: bytes.length,
    read: (start, length) => Promise.resolve(bytes.slice(start, start + length)),
    async *stream() {
      for (let start = 0; start < bytes.length; start += pieceBytes) {
        yield await Promise.resolve(bytes.slice(start, start + pieceBytes));
      }
    },
  };
}

/** All rows of a file. */
export async function readAll(source: ByteSource, filename = 'data.jsonl'): Promise<NumberedExample[]> {
  const rows: NumberedExample[] = [];
  const dataset = await openDataset(source, filename);
  for await (const batch of dataset.examples()) rows.push(...batch);
  return rows;
}
