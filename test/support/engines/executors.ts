import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Executor } from '../../../src/compute/executor.js';
import { OnnxRuntimeExecutor } from '../../../src/compute/onnxruntime/onnxruntime-executor.js';
import {
  loadTensorflow,
  type TensorflowBinding,
  tensorflowEnvironment,
} from '../../../src/compute/tensorflow/load-tensorflow.js';
import { TensorflowExecutor } from '../../../src/compute/tensorflow/tensorflow-executor.js';

/** An executor that numeric suites run on, for `describe.skipIf(missing)`. */
export interface TestExecutor {
  /** Says how to get it where it is missing. */
  readonly name: string;
  readonly missing: boolean;
  readonly create: () => Promise<Executor>;
}

/** What scripts/build-tfjs-binding.sh builds, or a folder whose node_modules hold another tfjs-node. */
const nativeFolder =
  process.env['TFJS_NODE_PATH'] ?? fileURLToPath(new URL('../../../.cache/tfjs-node', import.meta.url));
const nativeMissing = !existsSync(join(nativeFolder, 'node_modules/@tensorflow/tfjs-node/lib'));

async function tensorflow(...bindings: TensorflowBinding[]): Promise<Executor> {
  Object.assign(process.env, tensorflowEnvironment(1));
  return new TensorflowExecutor(await loadTensorflow({ device: 'cpu', searchFolder: nativeFolder, bindings }));
}

export const ONNXRUNTIME: TestExecutor = {
  name: 'onnxruntime',
  missing: false,
  create: async () => new OnnxRuntimeExecutor({ device: 'cpu', threads: 1 }),
};

export const TENSORFLOW_EXECUTORS: readonly TestExecutor[] = [
  { name: 'tensorflow in JavaScript', missing: false, create: () => tensorflow('@tensorflow/tfjs') },
  {
    name: nativeMissing ? 'native tensorflow (not built: scripts/build-tfjs-binding.sh)' : 'native tensorflow',
    missing: nativeMissing,
    create: () => tensorflow('@tensorflow/tfjs-node'),
  },
];
