import { Worker } from 'node:worker_threads';
import { HEAP_MB, OUT_OF_MEMORY } from './task-host.js';
import { type ThreadAnswer } from './thread-entry.js';
import { type ThreadCall } from './thread-task.js';

const LIMIT_BYTES = 2 ** 31;
const LOOK_MS = 50;

/*
 * Entry of a process of the pool. Tasks run in a thread of it, so that it ends with the service, and at its limit of
 * memory, whatever a task is doing.
 */
const worker = new Worker(new URL('./thread-entry.js', import.meta.url), {
  resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
});
worker.on('message', (answer: ThreadAnswer) => process.send?.(answer));
worker.on('error', (error: Error & { code?: string }) => {
  process.exit(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? OUT_OF_MEMORY : 1);
});
process.on('message', (call: ThreadCall) => worker.postMessage(call));
process.on('disconnect', () => process.exit());
look();

function look(): void {
  if (process.memoryUsage.rss() > LIMIT_BYTES) process.exit(OUT_OF_MEMORY);
  setTimeout(look, LOOK_MS);
}
