import { parentPort } from 'node:worker_threads';
import { AppError, type SerializedError, serializeError } from '../errors/app-error.js';
import { type TaskOutput, type ThreadCall, type ThreadFunction } from './thread-task.js';

/** What a thread answers. */
export type ThreadAnswer =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly error: SerializedError }
  | { readonly kind: 'crashed'; readonly message: string; readonly stack: string };

/** Entry of a thread of the pool: runs one task after the other. */
parentPort?.on('message', (call: ThreadCall) => void answer(call));

async function answer(call: ThreadCall): Promise<void> {
  try {
    const { value, transfer = [] } = await run(call);
    send({ kind: 'value', value }, transfer);
  } catch (error) {
    if (error instanceof AppError) return send({ kind: 'refused', error: serializeError(error) });
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    send({ kind: 'crashed', message, stack: stack ?? message });
  }
}

async function run({ url, name, input }: ThreadCall): Promise<TaskOutput<unknown>> {
  const module = (await import(url)) as Readonly<Record<string, ThreadFunction<unknown, unknown>>>;
  const task = module[name];
  if (!task) throw new TypeError(`${url} does not export ${name}`);
  return task(input);
}

function send(message: ThreadAnswer, transfer: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, [...transfer]);
}
