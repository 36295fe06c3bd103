import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { childEnvironment } from '../../../config/environment/child-environment.js';
import { RanksUnavailableError } from '../torch.errors.js';

const COUNT = 'import torch; print(torch.cuda.device_count())';
const TIMEOUT_MS = 120_000;

/** GPUs that torch sees with this interpreter. @throws RanksUnavailableError when it cannot be asked */
export async function countGpus(python: string, remedy: string): Promise<number> {
  try {
    const options = { env: childEnvironment({}), timeout: TIMEOUT_MS };
    const { stdout } = await promisify(execFile)(python, ['-c', COUNT], options);
    return Number(stdout.trim());
  } catch (error) {
    const lines = (error instanceof Error ? error.message : String(error)).trim().split('\n');
    throw new RanksUnavailableError(`${python} cannot load torch (${lines.at(-1)})`, remedy, { cause: error });
  }
}
