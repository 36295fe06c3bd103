import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTensorflow, type LoadedTensorflow } from '../../src/compute/tensorflow/load-tensorflow.js';
import { TensorflowExecutor } from '../../src/compute/tensorflow/tensorflow-executor.js';
import { describeConformance } from './compute-backend.cases.js';
import { adapter, base, DATUMS, requestOf, SAMPLING, type Subject, train } from './conformance-subject.js';
import { openHostBackend } from './host-backend-subject.js';

/** The JavaScript backend: slow, but there on every machine. */
const load = (): Promise<LoadedTensorflow> => loadTensorflow({ device: 'cpu', bindings: ['@tensorflow/tfjs'] });
const open = () => openHostBackend('llama', async () => new TensorflowExecutor(await load()));

describeConformance({ name: 'HostBackend on tensorflow (JavaScript), llama', open });

describe('tensors of the tensorflow executor', () => {
  let subject: Subject;
  let count: () => number;
  let before: number;

  beforeAll(async () => {
    const { tf } = await load();
    count = () => tf.memory().numTensors;
    before = count();
    subject = await open();
  });
  afterAll(() => subject.close());

  it('are as many after an adapter as before it, and none after stop()', async () => {
    const { backend, baseModel } = subject;
    const work = async (id: string) => {
      const lora = { rank: 2, alpha: 4, dropout: 0.1, targetModules: ['q_proj'] as const, rsLora: false, seed: 1 };
      await backend.createAdapter({ id, baseModel, lora });
      await train(backend, id);
      await backend.forward(adapter(id), requestOf(DATUMS));
      await backend.generate(base(subject), { prompt: Int32Array.of(4, 5), count: 2, sampling: SAMPLING });
      await backend.deleteAdapter(id);
    };
    await work('first');
    const kept = count();
    await work('second');
    expect(count()).toBe(kept);
    await backend.stop();
    expect(count()).toBe(before);
  });
});
