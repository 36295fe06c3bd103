/**
 * Shows, while the service starts, what a waiting user wants to know from its log: warnings, errors, and what concerns
 * the base model (a first start may download it).
 */
import { openSync, closeSync, fstatSync, readSync } from 'node:fs';

const LINE = /\b(LOG|WARN|ERROR|FATAL)\s+\[([^\]]+)\]\s+(.*)$/;
const MODEL_CONTEXT = /model|hub|download/i;

/** The part of a log line to show, or undefined. */
export function interestingPart(line) {
  const [, level, context, message] = LINE.exec(line) ?? [];
  if (level === undefined) return undefined;
  if (level !== 'LOG') return `${level === 'WARN' ? 'warning' : level.toLowerCase()}: ${message}`;
  return MODEL_CONTEXT.test(context) ? message : undefined;
}

/** @param start where the lines begin that are meant: those of earlier runs stand before it */
export function followLog(file, show, start = 0) {
  const handle = openSync(file, 'r');
  let position = start;
  let rest = '';
  function poll() {
    const size = fstatSync(handle).size;
    if (size < position) position = 0; // it was full, and has been emptied
    if (size === position) return;
    const chunk = Buffer.alloc(size - position);
    position += readSync(handle, chunk, 0, chunk.length, position);
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      const part = interestingPart(line);
      if (part !== undefined) show(part);
    }
  }
  return {
    poll,
    stop() {
      poll();
      closeSync(handle);
    },
  };
}
