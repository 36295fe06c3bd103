import { readdirSync, readFileSync } from 'node:fs';
import { waitFor } from '../support/wait-for.js';

/** The program of a rank, as its command line names it. */
const PROGRAM = 'thinker_worker';

/** Processes of the torch ranks that this worker has started. */
export function ranksOf(worker: number): number[] {
  return ranks().filter((pid) => parentOf(pid) === worker);
}

/** Says of each rank whose environment has this variable that it is still there, unless all are gone soon. */
export async function ranksLeft(variable: string, timeout: number): Promise<string[]> {
  const left = () => ranks().filter((pid) => read(pid, 'environ').split('\0').includes(variable));
  await waitFor('the end of all ranks', () => left().length === 0, { timeout }).catch(() => undefined);
  return left().map((pid) => `rank ${pid} has outlived its worker`);
}

export function isThere(pid: number): boolean {
  const state = /^State:\s+(\w)/m.exec(read(pid, 'status'))?.[1] ?? 'Z';
  return state !== 'Z';
}

/** False when there is no such process any more. */
export function signalled(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

function ranks(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => read(pid, 'cmdline').split('\0').includes(PROGRAM));
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(read(pid, 'status'))?.[1]);
}

/** Empty when the process is gone, or somebody else's. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
