import { OnnxRuntimeExecutor } from '../../src/compute/onnxruntime/onnxruntime-executor.js';
import { describeConformance } from './compute-backend.cases.js';
import { openLocalEngine } from './local-engine-subject.js';

for (const model of ['llama', 'qwen3'] as const) {
  describeConformance({
    name: `LocalEngine on onnxruntime, ${model}`,
    open: () => openLocalEngine(model, () => new OnnxRuntimeExecutor({ device: 'cpu', threads: 1 })),
  });
}
