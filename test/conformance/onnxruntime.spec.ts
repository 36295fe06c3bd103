import { expect, it } from 'vitest';
import { type CompiledProgram } from '../../src/compute/graph/program.js';
import { OnnxRuntimeExecutor } from '../../src/compute/onnxruntime/onnxruntime-executor.js';
import { describeConformance } from './compute-backend.cases.js';
import { adapter, MAX_DATUM, LORA, requestOf } from './conformance-subject.js';
import { openHostBackend } from './host-backend-subject.js';

for (const model of ['llama', 'qwen3'] as const) {
  describeConformance({
    name: `HostBackend on onnxruntime, ${model}`,
    open: () => openHostBackend(model, () => new OnnxRuntimeExecutor({ device: 'cpu', threads: 1 })),
  });
}

it.each(['forward', 'forwardBackward'] as const)('%s makes no further run once it is given up', async (method) => {
  const controller = new AbortController();
  // The engine's check at the start runs as well.
  let counted = false;
  let runs = 0;
  class CountingExecutor extends OnnxRuntimeExecutor {
    override async compile(...parameters: Parameters<OnnxRuntimeExecutor['compile']>): Promise<CompiledProgram> {
      const compiled = await super.compile(...parameters);
      const run: CompiledProgram['run'] = (...inputs) => {
        if (counted && ++runs === 2) controller.abort();
        return compiled.run(...inputs);
      };
      return { program: compiled.program, run, release: () => compiled.release() };
    }
  }
  const subject = await openHostBackend('llama', () => new CountingExecutor({ device: 'cpu', threads: 1 }));
  const backend = await subject.openSmall();
  await backend.createAdapter({ id: 'a', baseModel: subject.baseModel, lora: LORA });
  const request = requestOf(Array.from({ length: 6 }, (_, seed) => ({ length: MAX_DATUM, seed })));
  const options = { signal: controller.signal };
  counted = true;
  const given =
    method === 'forward'
      ? backend.forward(adapter('a'), request, options)
      : backend.forwardBackward('a', request, options);
  await expect(given).rejects.toMatchObject({ code: 'cancelled' });
  expect(runs).toBe(2);
  await subject.close();
});
