/**
 * The log file of a child process, bounded in size and number: `service.log`, and before it `service.log.1`, `.2`, ...
 *
 * The child writes to the file itself, so that its last words are there whoever dies first; each start appends, so that the
 * log of a crash is kept. A full file is copied away and emptied, which its appending writer does not notice; what is
 * written between the two is lost.
 */
import { closeSync, copyFileSync, existsSync, fstatSync, openSync, renameSync, statSync, truncateSync } from 'node:fs';

const MAX_BYTES = 10 * 2 ** 20;
const KEPT_FILES = 5;
const CHECK_EVERY_MS = 10_000;

/** Copies the file to `.1`, what was there to `.2` and so on, and empties it. The oldest one goes. */
export function rotateLog(file, keep = KEPT_FILES) {
  for (let i = keep - 1; i >= 1; i--) {
    if (existsSync(`${file}.${i}`)) renameSync(`${file}.${i}`, `${file}.${i + 1}`);
  }
  copyFileSync(file, `${file}.1`);
  truncateSync(file);
}

/**
 * @param {string} file
 * @param {{ maxBytes?: number, keep?: number, checkEveryMs?: number }} options
 * @returns {{ descriptor: number, start: number, close: () => void, stop: () => void }} `descriptor` is for the child,
 *   close() gives it back here; `start` is where this run's lines begin; stop() ends the checks of the size
 */
export function openRotatingLog(file, options = {}) {
  const { maxBytes = MAX_BYTES, keep = KEPT_FILES, checkEveryMs = CHECK_EVERY_MS } = options;
  const rotateIfFull = () => {
    if (existsSync(file) && statSync(file).size >= maxBytes) rotateLog(file, keep);
  };
  rotateIfFull();
  const descriptor = openSync(file, 'a');
  const timer = setInterval(() => {
    try {
      rotateIfFull();
    } catch {
      // A full disk, say: the next look tries again, and the service goes on.
    }
  }, checkEveryMs);
  timer.unref();
  return {
    descriptor,
    start: fstatSync(descriptor).size,
    close: () => closeSync(descriptor),
    stop: () => clearInterval(timer),
  };
}
