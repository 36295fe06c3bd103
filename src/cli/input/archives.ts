import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { type ReadableStream as NodeReadableStream } from 'node:stream/web';
import { extract, pack } from 'tar-stream';
import { CliError } from '../errors/cli.error.js';

/** Between folders on disk and the tar archives that the service sends and takes. */

/** Writes the files of an archive into a folder, which is created; returns their names. */
export async function unpack(archive: NodeReadableStream<Uint8Array>, folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const names: string[] = [];
  const entries = extract();
  const sent = pipeline(Readable.fromWeb(archive), entries);
  for await (const entry of entries) {
    const { name, type } = entry.header;
    const target = path.resolve(folder, name);
    if (!target.startsWith(path.resolve(folder) + path.sep)) throw new CliError(`The archive contains '${name}'.`);
    if (type === 'directory') {
      entry.resume();
      continue;
    }
    await mkdir(path.dirname(target), { recursive: true });
    await pipeline(entry, createWriteStream(target));
    names.push(name);
  }
  await sent;
  return names;
}

/** The files of a folder as an archive; folders in it are left out. */
export async function packFolder(folder: string): Promise<Blob> {
  const archive = pack();
  const add = async (): Promise<void> => {
    for (const name of (await readdir(folder)).sort()) {
      const file = path.join(folder, name);
      const { size, mode } = await stat(file);
      if (!(await stat(file)).isFile()) continue;
      await pipeline(createReadStream(file), archive.entry({ name, size, mode }));
    }
    archive.finalize();
  };
  const [bytes] = await Promise.all([buffer(archive), add()]);
  return new Blob([new Uint8Array(bytes)]);
}
