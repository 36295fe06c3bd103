import { type Executor } from '../executor.js';
import { type LoadOptions } from '../tensorflow/load-tensorflow.js';
import { type LocalSettings } from './local-settings.js';

type ExecutorSettings = Pick<LocalSettings, 'engine' | 'device' | 'threads' | 'packWeights'>;

/**
 * The executor that the settings ask for. `ENGINE=auto` takes TensorFlow when its GPU binding loads and reports a GPU,
 * else onnxruntime, which is the faster one on a CPU. Loaded lazily: neither package is touched unless it is used.
 */
export async function selectExecutor(settings: ExecutorSettings): Promise<Executor> {
  const { engine, device } = settings;
  switch (engine) {
    case 'onnxruntime':
      return onnxRuntime(settings);
    case 'tensorflow':
      return tensorflow(device === 'webgpu' ? 'auto' : device);
    case 'auto':
      if (device === 'cpu' || device === 'webgpu') return onnxRuntime(settings);
      return tensorflow('cuda').catch(() => onnxRuntime(settings));
    default:
      return engine satisfies never;
  }
}

async function onnxRuntime({ device, threads, packWeights }: ExecutorSettings): Promise<Executor> {
  const { OnnxRuntimeExecutor } = await import('../onnxruntime/onnxruntime-executor.js');
  const executor = new OnnxRuntimeExecutor({ device: device === 'auto' ? 'cpu' : device, threads, packWeights });
  await executor.probe();
  return executor;
}

async function tensorflow(device: LoadOptions['device']): Promise<Executor> {
  const { loadTensorflow } = await import('../tensorflow/load-tensorflow.js');
  const { TensorflowExecutor } = await import('../tensorflow/tensorflow-executor.js');
  return new TensorflowExecutor(await loadTensorflow({ device }));
}
