import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack, type Pack } from 'tar-stream';
import { type ExportFile } from './export-file.js';

/** A tar stream of the files; each is made while it is read, and nothing more once the reader has gone. */
export function packExport(files: readonly ExportFile[], modified: Date): Readable {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    const archive = pack();
    const filled = fill(archive, files, modified).catch((error: unknown) => {
      archive.destroy(error instanceof Error ? error : new Error(String(error)));
    });
    try {
      for await (const chunk of archive) yield chunk as Uint8Array;
    } finally {
      archive.destroy();
      await filled;
    }
  }
  return Readable.from(chunks(), { objectMode: false });
}

async function fill(archive: Pack, files: readonly ExportFile[], modified: Date): Promise<void> {
  for (const file of files) {
    const entry = archive.entry({ name: file.name, size: file.size, mtime: modified, mode: 0o644 });
    await pipeline(Readable.from(file.chunks()), entry);
  }
  archive.finalize();
}
