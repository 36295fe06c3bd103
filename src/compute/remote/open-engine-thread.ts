import { prepareLocksInThreads } from '../../common/file-lock.js';
import { type EngineSettings } from '../local/engine-settings.js';
import { type FromEngine, type ToEngine } from './calls.js';
import { ThreadLink } from './thread-link.js';

/**
 * Starts the local engine in a thread of its own, so that its work never blocks the loop that serves and renews locks,
 * and returns the link to it.
 */
export async function openEngineThread(settings: EngineSettings): Promise<ThreadLink<ToEngine, FromEngine>> {
  await prepareLocksInThreads();
  return new ThreadLink(new URL('./engine-thread.js', import.meta.url), settings);
}
