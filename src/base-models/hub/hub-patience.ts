import { HubApiError } from '@huggingface/hub';
import { AppError } from '../../common/errors/app-error.js';

const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 200;

/** Tries again what the network has cut off. As long as `progress` grows, the attempts count anew. */
export async function patiently<T>(
  work: () => Promise<T>,
  progress: () => Promise<number> = async () => 0,
): Promise<T> {
  for (let failures = 1; ; failures++) {
    const before = await progress();
    try {
      return await work();
    } catch (error) {
      if ((await progress()) > before) failures = 1;
      if (isFinal(error) || failures >= ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** (failures - 1)));
    }
  }
}

/** Another attempt cannot help: one that timed out has waited long enough. */
function isFinal(error: unknown): boolean {
  if (error instanceof AppError || isFileSystemError(error)) return true;
  if (error instanceof HubApiError) return error.statusCode < 500 && error.statusCode !== 429;
  return error instanceof Error && error.name === 'TimeoutError';
}

export function isFileSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
