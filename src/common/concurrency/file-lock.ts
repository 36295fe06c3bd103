import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rm, stat } from 'node:fs/promises';
import { constants as system } from 'node:os';
import { dirname } from 'node:path';

/**
 * An exclusive lock on a file between processes: flock(2), which Python's filelock takes as well. The kernel gives it up
 * with the process, however that ends. The file itself stays, as others may be waiting on it. Node has no call for it,
 * so it is made through ffi-rs.
 */
export interface FileLock {
  /** False where neither platform nor file system knows flock: then nobody is kept out. */
  readonly exclusive: boolean;
  release(): Promise<void>;
}

const FIRST_DELAY_MS = 20;
const MAX_DELAY_MS = 250;
/** As often as huggingface_hub says that it waits. */
const TELL_MS = 10_000;

const LOCK_EX = 2;
const LOCK_NB = 4;

const { EAGAIN, EWOULDBLOCK, EACCES, EINTR } = system.errno;
/** What filelock, too, takes for "somebody has it". */
const HELD: ReadonlySet<number> = new Set([EAGAIN, EWOULDBLOCK, EACCES, EINTR]);

type Flock = (fd: number, operation: number) => number;

/** Waits for the lock for as long as its holder lives. `onWait` is told now and then. @throws what opening the file throws */
export async function lockFile(path: string, onWait: () => void = () => undefined): Promise<FileLock> {
  await mkdir(dirname(path), { recursive: true });
  let toldAt = performance.now();
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, MAX_DELAY_MS)) {
    const lock = await tryLock(path);
    if (lock !== null) return lock;
    if (performance.now() - toldAt > TELL_MS) {
      onWait();
      toldAt = performance.now();
    }
    await new Promise((resolve) => setTimeout(resolve, delayMs));
  }
}

/** Null when another process, or another holder in this one, has it. */
export async function tryLock(path: string): Promise<FileLock | null> {
  const flock = await loadFlock();
  const { file, isNew } = await openLockFile(path);
  const errno = flock?.(file.fd, LOCK_EX | LOCK_NB) ?? system.errno.ENOSYS;
  if (errno === 0 && (await isStillThere(file, path))) return { exclusive: true, release: () => file.close() };
  await file.close();
  if (errno === 0 || HELD.has(errno)) return null;
  // Without flock, Python takes the file itself for the lock.
  if (isNew) await rm(path, { force: true });
  return { exclusive: false, release: () => Promise.resolve() };
}

/** Writable by the group, as huggingface_hub makes them for caches that several users share. */
async function openLockFile(path: string): Promise<{ file: FileHandle; isNew: boolean }> {
  const { O_RDWR, O_CREAT, O_EXCL } = constants;
  try {
    return { file: await open(path, O_RDWR | O_CREAT | O_EXCL, 0o664), isNew: true };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    return { file: await open(path, O_RDWR | O_CREAT, 0o664), isNew: false };
  }
}

/** Somebody may have deleted the file between our opening and our locking it. */
async function isStillThere(file: FileHandle, path: string): Promise<boolean> {
  const [ours, theirs] = await Promise.all([file.stat(), stat(path).catch(() => null)]);
  return theirs !== null && ours.ino === theirs.ino && ours.dev === theirs.dev;
}

/**
 * To be awaited in the main thread before a thread that locks files is started. Node unloads ffi-rs with the last thread
 * that has loaded it, which crashes the process; what the main thread has loaded stays.
 */
export async function prepareLocksInThreads(): Promise<void> {
  await loadFlock();
}

let loading: Promise<Flock | null> | undefined;

/** Null on platforms that ffi-rs has no binary for, and on Windows, which has no flock. */
function loadFlock(): Promise<Flock | null> {
  loading ??= importFlock().catch(() => null);
  return loading;
}

async function importFlock(): Promise<Flock | null> {
  if (process.platform === 'win32') return null;
  const { open: openLibrary, load, DataType } = await import('ffi-rs');
  // An empty path means the symbols of this process, among them those of the C library.
  openLibrary({ library: 'process', path: '' });
  return (fd, operation) => {
    const answer = load({
      library: 'process',
      funcName: 'flock',
      retType: DataType.I32,
      paramsType: [DataType.I32, DataType.I32],
      paramsValue: [fd, operation],
      errno: true,
    });
    if (typeof answer === 'number') throw new TypeError('ffi-rs has answered without errno');
    return answer.value === 0 ? 0 : answer.errnoCode;
  };
}
