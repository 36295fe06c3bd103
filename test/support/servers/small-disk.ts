import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';

const BALLAST = 'ballast';
const PIECE = Buffer.alloc(2 ** 20);

/**
 * A folder that can be full for a while. Where the test may mount, it is a small file system of its own, which is filled
 * up; elsewhere a process that has `env` in its environment fails its writes of checkpoints with ENOSPC meanwhile.
 */
export class SmallDisk {
  private constructor(
    readonly folder: string,
    readonly isMounted: boolean,
  ) {}

  /** Makes the folder. `beside` it lies what tells of a full disk that is only feigned. */
  static make(folder: string, megabytes: number): SmallDisk {
    mkdirSync(folder, { recursive: true });
    return new SmallDisk(folder, mount(folder, megabytes));
  }

  /** For every process that writes here. */
  get env(): Readonly<Record<string, string>> {
    return this.isMounted ? {} : { FAULT_DISK_FULL: this.flag };
  }

  /** From now on nothing can be written. */
  fill(): void {
    if (!this.isMounted) return writeFileSync(this.flag, '');
    const file = openSync(path.join(this.folder, BALLAST), 'a');
    try {
      // A piece that does not fit is written in part, or not at all.
      for (let bytes = PIECE.byteLength; bytes >= 1; bytes = Math.floor(bytes / 2)) writeAll(file, bytes);
    } finally {
      closeSync(file);
    }
  }

  makeRoom(): void {
    rmSync(this.isMounted ? path.join(this.folder, BALLAST) : this.flag, { force: true });
  }

  /** With everything in it; nobody may use it any more. */
  remove(): void {
    if (this.isMounted) execFileSync('umount', ['--lazy', this.folder]);
    rmSync(this.flag, { force: true });
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get flag(): string {
    return `${this.folder}.full`;
  }
}

function mount(folder: string, megabytes: number): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function writeAll(file: number, bytes: number): void {
  try {
    for (;;) writeSync(file, PIECE, 0, bytes);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
}
