import { prepareLocksInThreads } from '../../common/concurrency/file-lock.js';
import { type FromEngine, type ToEngine } from './calls.js';
import { ThreadLink } from './thread-link.js';
import { type ThreadSettings } from './thread-settings.js';

/**
 * Starts the engine in a thread of its own, so that its work never blocks the loop that serves and renews locks,
 * and returns the link to it.
 */
export async function openEngineThread(settings: ThreadSettings): Promise<ThreadLink<ToEngine, FromEngine>> {
  await prepareLocksInThreads();
  return new ThreadLink(new URL('./engine-thread.js', import.meta.url), settings);
}
