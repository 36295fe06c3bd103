import type { SpawnOptions } from 'node:child_process';

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: Error;
}

export interface OwnedProcess {
  readonly pid: number | undefined;
  readonly exited: Promise<Outcome>;
  isRunning(): boolean;
  stop(): Promise<void>;
  /** Only sends the signal; false when the process has ended. */
  kill(signal: NodeJS.Signals): boolean;
}

export function spawnOwned(
  command: string,
  args: readonly string[],
  options?: SpawnOptions & { stopSignal?: NodeJS.Signals; graceMs?: number },
): OwnedProcess;
export function freePort(): Promise<number>;
export function processCommand(pid: number): string | undefined;
export function pollFor<T>(
  condition: () => T | Promise<T>,
  options: { timeoutMs: number; intervalMs?: number },
): Promise<T | undefined>;
export function tailOf(file: string, lines?: number): string;
