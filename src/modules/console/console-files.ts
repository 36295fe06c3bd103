import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { packageFolder } from '../../common/package-folder.js';

const INDEX = 'index.html';

/** A file of the console, as it is sent. */
export interface ConsoleFile {
  /** With a dot. */
  readonly extension: string;
  readonly bytes: Buffer;
  readonly gzipped: Buffer;
  readonly etag: string;
  /** Its name has a hash of its content, so it never changes. */
  readonly isImmutable: boolean;
}

/** The built console, some hundred kilobytes that are read and compressed once. */
@Injectable()
export class ConsoleFiles implements OnModuleInit {
  private readonly logger = new Logger(ConsoleFiles.name);
  private readonly files = new Map<string, ConsoleFile>();

  onModuleInit(): void {
    const folder = path.join(packageFolder(), 'dist', 'console');
    if (!existsSync(path.join(folder, INDEX))) {
      this.logger.warn('The web console is not built; `npm run build` builds it.');
      return;
    }
    for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
      if (!entry.isFile() || entry.name.startsWith('.')) continue;
      const file = path.join(entry.parentPath, entry.name);
      this.files.set(path.relative(folder, file).split(path.sep).join('/'), read(file));
    }
  }

  /** The file of this path below /console; the page itself for every path that names no file. Null when there is none. */
  find(name: string): ConsoleFile | null {
    return this.files.get(name) ?? (path.extname(name) === '' ? (this.files.get(INDEX) ?? null) : null);
  }
}

function read(file: string): ConsoleFile {
  const bytes = readFileSync(file);
  const digest = createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
  return {
    extension: path.extname(file),
    bytes,
    gzipped: gzipSync(bytes, { level: 9 }),
    etag: `"${digest}"`,
    isImmutable: path.basename(file) !== INDEX,
  };
}
