import { EventEmitter } from 'node:events';
import { expect, it, vi } from 'vitest';
import { type EngineCall } from './engine-protocol.js';
import { type EngineSettings } from '../local/engine-settings.js';
import { ThreadedBackend } from './threaded-backend.js';

const threads = vi.hoisted((): EventEmitter[] => []);

/** Answers each call with its method's name. */
vi.mock('node:worker_threads', async () => {
  const { EventEmitter: Emitter } = await import('node:events');
  class FakeThread extends Emitter {
    constructor() {
      super();
      threads.push(this);
    }

    postMessage({ id, method }: EngineCall): void {
      queueMicrotask(() => this.emit('message', { id, kind: 'result', value: method }));
    }
  }
  return { Worker: FakeThread };
});

it('goes on when the end of a thread is told after the next one has started', async () => {
  const backend = new ThreadedBackend({} as EngineSettings);
  await backend.start();
  threads[0]!.emit('error', new Error('a test ended it'));
  await expect(backend.digestState('a')).rejects.toMatchObject({ code: 'engine_stopped' });
  await backend.start();
  threads[0]!.emit('exit', 1);
  expect(await backend.digestState('a')).toBe('digestState');
  threads[1]!.emit('exit', 1);
  await expect(backend.digestState('a')).rejects.toMatchObject({ code: 'engine_stopped' });
});
