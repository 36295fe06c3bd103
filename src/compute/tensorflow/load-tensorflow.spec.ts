import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadTensorflow, tensorflowEnvironment } from './load-tensorflow.js';

let searchFolder: string;
beforeEach(async () => {
  searchFolder = await mkdtemp(join(tmpdir(), 'bindings-'));
});
afterEach(() => rm(searchFolder, { recursive: true }));

/** A package of this name that runs the given code when it is loaded. */
async function install(binding: string, code: string): Promise<void> {
  const folder = join(searchFolder, 'node_modules', binding);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'index.js'), code);
}

const MISSING_LIBRARY = `throw new Error('libcudart.so.11.0: cannot open shared object file\\nRequire stack: ...')`;

/** Stands for a native binding: the real package with another backend. */
const native = (gpu: boolean) => `
  const tf = require(${JSON.stringify(createRequire(import.meta.url).resolve('@tensorflow/tfjs'))});
  module.exports = Object.create(tf, {
    ready: { value: async () => {} },
    backend: { value: () => ({ isUsingGpuDevice: ${gpu}, binding: { TF_Version: '2.9.1' } }) },
  });`;

describe('loadTensorflow', () => {
  it('falls back step by step and says why', async () => {
    await install('@tensorflow/tfjs-node-gpu', MISSING_LIBRARY);
    await install('@tensorflow/tfjs-node', `throw new Error('not built')`);
    const loaded = await loadTensorflow({ device: 'auto', searchFolder });
    expect(loaded).toMatchObject({
      binding: '@tensorflow/tfjs',
      device: 'cpu',
      description: '@tensorflow/tfjs 4.22.0 (JavaScript)',
      attempts: [
        {
          binding: '@tensorflow/tfjs-node-gpu',
          outcome: 'libcudart.so.11.0: cannot open shared object file',
        },
        { binding: '@tensorflow/tfjs-node', outcome: 'not built' },
        { binding: '@tensorflow/tfjs', outcome: 'loaded' },
      ],
    });
    expect(loaded.tf.getBackend()).toBe('cpu');
  });

  it.each([
    { gpu: true, device: 'cuda' },
    { gpu: false, device: 'cpu' },
  ])('reports the device that the binding found, GPU $gpu', async ({ gpu, device }) => {
    await install('@tensorflow/tfjs-node-gpu', native(gpu));
    expect(await loadTensorflow({ device: 'auto', searchFolder })).toMatchObject({
      binding: '@tensorflow/tfjs-node-gpu',
      device,
      description: '@tensorflow/tfjs-node-gpu 4.22.0 (TensorFlow 2.9.1)',
    });
  });

  it('leaves the CUDA binding alone when the CPU is asked for', async () => {
    await install('@tensorflow/tfjs-node-gpu', native(true));
    await install('@tensorflow/tfjs-node', native(false));
    const { binding, attempts } = await loadTensorflow({ device: 'cpu', searchFolder });
    expect([binding, attempts.length]).toEqual(['@tensorflow/tfjs-node', 1]);
  });

  it('refuses to compute on the CPU when CUDA is asked for', async () => {
    await install('@tensorflow/tfjs-node-gpu', native(false));
    await expect(loadTensorflow({ device: 'cuda', searchFolder })).rejects.toMatchObject({
      code: 'engine_unavailable',
      category: 'server',
      message: expect.stringMatching(/tfjs-node-gpu: it loads, but finds no CUDA device/) as string,
    });
  });
});

describe('tensorflowEnvironment', () => {
  it('lets the GPU memory grow and bounds threads when told to', () => {
    expect(tensorflowEnvironment(0)).toEqual({ TF_FORCE_GPU_ALLOW_GROWTH: 'true', TF_CPP_MIN_LOG_LEVEL: '1' });
    expect(tensorflowEnvironment(3)).toMatchObject({ TF_NUM_INTRAOP_THREADS: '3' });
  });
});
