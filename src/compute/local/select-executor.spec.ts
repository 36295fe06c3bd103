import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { selectExecutor } from './select-executor.js';

const SETTINGS = { engine: 'onnxruntime', device: 'auto', threads: 1, packWeights: true } as const;
const CUDA = 'node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so';

it('takes the CPU where no device is named', async () => {
  expect((await selectExecutor(SETTINGS)).device).toBe('cpu');
});

it.skipIf(existsSync(CUDA))('refuses a device that is named and cannot be used', async () => {
  await expect(selectExecutor({ ...SETTINGS, device: 'cuda' })).rejects.toMatchObject({
    code: 'device_unavailable',
    message: expect.stringMatching(
      /^DEVICE=cuda cannot be used here: .*--onnxruntime-node-install=cuda12 .*Or set DEVICE=cpu or auto/s,
    ) as string,
  });
});
