import { createHash, randomUUID } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Names of unfinished writes, `<machine>-<pid>-<uuid>`: they say who writes, so that what a dead process of this machine
 * has left can be deleted without waiting. Containers count as machines: the numbers of their processes are their own.
 */
export function partName(): string {
  return `${MACHINE}-${process.pid}-${randomUUID()}`;
}

/** False as well where nobody here can know. */
export function isDeadWriter(name: string): boolean {
  const [machine, pid] = name.split('-');
  if (machine !== MACHINE || pid === undefined || !/^[1-9]\d{0,9}$/.test(pid)) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}

/** Older than a write pauses: its process died. Younger ones may be the work of a process that cannot be asked. */
const ABANDONED_MS = 15 * 60_000;

/** Whether nobody writes this any more. */
export function isAbandoned({ name, writtenAt }: { readonly name: string; readonly writtenAt: Date }): boolean {
  return Date.now() - writtenAt.getTime() > ABANDONED_MS || isDeadWriter(name);
}

const MACHINE = createHash('sha256').update(`${hostname()} ${processNamespace()}`).digest('hex').slice(0, 8);

/** Of Linux; processes of one namespace see each other. */
function processNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}
