import { fork } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import { type ThreadAnswer } from './thread-entry.js';
import { ThreadMemoryError } from './thread.errors.js';
import { type ThreadCall } from './thread-task.js';

/** What runs the tasks of a pool, one after the other. */
export interface TaskHost {
  post(call: ThreadCall, transfer: readonly ArrayBuffer[]): void;
  /** At once, whatever runs. */
  end(): void;
  /** Whether this process stays alive for it. */
  ref(): void;
  unref(): void;
}

export interface TaskHostEvents {
  answered(answer: ThreadAnswer): void;
  /** It is gone, and nobody has ended it. */
  died(error: Error): void;
}

/** Heap of a thread; bytes and numbers in buffers lie beside it. Two bodies of 64 MB need less than half of it. */
export const HEAP_MB = 1536;
/** With which a process ends at its limit of memory. */
export const OUT_OF_MEMORY = 86;
/** V8 ends a process that makes a list too long for it; the last one is the kernel's. */
const MEMORY_SIGNALS: readonly (NodeJS.Signals | null)[] = ['SIGTRAP', 'SIGILL', 'SIGABRT', 'SIGKILL'];

export function startThread(events: TaskHostEvents): TaskHost {
  const worker = new Worker(new URL('./thread-entry.js', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  worker.on('message', (answer: ThreadAnswer) => events.answered(answer));
  worker.on('error', (error: Error & { code?: string }) => {
    events.died(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? new ThreadMemoryError({ cause: error }) : error);
  });
  return {
    post: (call, transfer) => worker.postMessage(call, [...transfer]),
    end: () => void worker.terminate(),
    ref: () => worker.ref(),
    unref: () => worker.unref(),
  };
}

/** It gets none of the environment, which has secrets. */
export function startProcess(events: TaskHostEvents): TaskHost {
  const child = fork(new URL('./process-entry.js', import.meta.url), { env: {}, execArgv: [] });
  let isEnded = false;
  const died = (error: Error) => {
    if (!isEnded) events.died(error);
    isEnded = true;
  };
  child.on('message', (answer) => events.answered(answer as ThreadAnswer));
  child.on('error', died);
  child.on('exit', (code, signal) => {
    const isMemory = code === OUT_OF_MEMORY || MEMORY_SIGNALS.includes(signal);
    died(isMemory ? new ThreadMemoryError() : new Error(`A process for tasks has ended with ${signal ?? code}.`));
  });
  return {
    post: (call) => void child.send(call),
    end: () => {
      isEnded = true;
      child.kill('SIGKILL');
    },
    ref: () => (child.ref(), child.channel?.ref()),
    unref: () => (child.unref(), child.channel?.unref()),
  };
}
