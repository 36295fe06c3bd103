import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import util from 'node:util';
import { type BindingAttempt, TensorflowUnavailableError } from './tensorflow.errors.js';

/**
 * Finds the best TensorFlow.js there is: the CUDA binding, the CPU binding, or plain JavaScript (correct, but far too
 * slow for real models). Bindings are optional packages that fail in many ways (not installed, library missing, no
 * driver), so every attempt is told with its outcome, and the device is what the binding says, never what its name says.
 */
export type Tensorflow = typeof import('@tensorflow/tfjs');

export type TensorflowBinding = '@tensorflow/tfjs-node-gpu' | '@tensorflow/tfjs-node' | '@tensorflow/tfjs';

export interface LoadedTensorflow {
  readonly tf: Tensorflow;
  readonly binding: TensorflowBinding;
  readonly device: 'cpu' | 'cuda';
  /** Name and version for logs, such as '@tensorflow/tfjs-node 4.22.0 (TensorFlow 2.9.1)'. */
  readonly description: string;
  readonly attempts: readonly BindingAttempt[];
}

export interface LoadOptions {
  readonly device: 'auto' | 'cpu' | 'cuda';
  /** A folder whose node_modules are searched for the bindings before our own. */
  readonly searchFolder?: string;
  /** Bindings to try, best first. */
  readonly bindings?: readonly TensorflowBinding[];
}

const BEST_FIRST: readonly TensorflowBinding[] = [
  '@tensorflow/tfjs-node-gpu',
  '@tensorflow/tfjs-node',
  '@tensorflow/tfjs',
];

/**
 * Variables that TensorFlow's library reads when it is loaded, to be in the environment of the process by then. A worker
 * thread's `process.env` is a copy that native code does not see, unless it was started with `env: SHARE_ENV`.
 *
 * @param threads CPU threads for one operation; 0 leaves it to TensorFlow (one per core)
 */
export function tensorflowEnvironment(threads: number): Readonly<Record<string, string>> {
  return {
    // TensorFlow takes nearly the whole GPU at once otherwise.
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    // Warnings and errors only.
    TF_CPP_MIN_LOG_LEVEL: '1',
    ...(threads > 0 ? { TF_NUM_INTRAOP_THREADS: String(threads), TF_NUM_INTEROP_THREADS: '1' } : {}),
  };
}

/** @throws TensorflowUnavailableError when no binding gives the device */
export async function loadTensorflow(options: LoadOptions): Promise<LoadedTensorflow> {
  const { device, bindings = BEST_FIRST } = options;
  restoreIsNullOrUndefined();
  // Without production mode every operation is checked for NaN, and the packages print advertisements and warnings.
  requireFrom(options.searchFolder, '@tensorflow/tfjs').enableProdMode();
  const attempts: BindingAttempt[] = [];
  for (const binding of bindings) {
    if (binding === '@tensorflow/tfjs-node-gpu' && device === 'cpu') continue;
    if (binding !== '@tensorflow/tfjs-node-gpu' && device === 'cuda') continue;
    try {
      const tf = requireFrom(options.searchFolder, binding);
      if (binding === '@tensorflow/tfjs') await tf.setBackend('cpu');
      await tf.ready();
      const found = usesGpu(tf) ? 'cuda' : 'cpu';
      if (device === 'cuda' && found !== 'cuda') throw new Error('it loads, but finds no CUDA device');
      attempts.push({ binding, outcome: 'loaded' });
      return { tf, binding, device: found, description: describe(tf, binding), attempts };
    } catch (error) {
      attempts.push({ binding, outcome: firstLine(error) });
    }
  }
  throw new TensorflowUnavailableError(device === 'auto' ? 'any device' : `device '${device}'`, attempts);
}

/** The bindings call util.isNullOrUndefined, which is gone since Node 23. */
function restoreIsNullOrUndefined(): void {
  const mutable: { isNullOrUndefined?: (value: unknown) => boolean } = util;
  mutable.isNullOrUndefined ??= (value) => value === null || value === undefined;
}

/** require() and not import(): the packages are CommonJS whose names an import cannot see. */
function requireFrom(searchFolder: string | undefined, binding: TensorflowBinding): Tensorflow {
  if (searchFolder !== undefined) {
    const elsewhere = createRequire(pathToFileURL(join(searchFolder, 'package.json')));
    if (canResolve(elsewhere, binding)) return elsewhere(binding) as Tensorflow;
  }
  return createRequire(import.meta.url)(binding) as Tensorflow;
}

function canResolve(require: NodeJS.Require, name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}

function usesGpu(tf: Tensorflow): boolean {
  const backend = tf.backend();
  return 'isUsingGpuDevice' in backend && backend.isUsingGpuDevice === true;
}

function describe(tf: Tensorflow, binding: TensorflowBinding): string {
  const name = `${binding} ${tf.version['tfjs-core']}`;
  const backend: object = tf.backend();
  const native = 'binding' in backend ? (backend.binding as { readonly TF_Version: string }) : null;
  return native ? `${name} (TensorFlow ${native.TF_Version})` : `${name} (JavaScript)`;
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n', 1)[0]!.trim();
}
