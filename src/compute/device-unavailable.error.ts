import { AppError } from '../common/errors/app-error.js';

/** What each device needs beside the packages of npm; docs/gpu.md has the steps. */
const NEEDS: Readonly<Record<string, string>> = {
  cuda:
    "It needs Linux on x64, CUDA 12, cuDNN 9 and ONNX Runtime's CUDA provider, which npm does not bring: " +
    'node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install=cuda12 (docs/gpu.md).',
  webgpu: 'It needs a GPU with a Vulkan, Metal or Direct3D 12 driver (docs/gpu.md).',
};

/** The engine cannot compute on the device of the settings. */
export class DeviceUnavailableError extends AppError {
  constructor(device: string, cause: unknown) {
    const reason = (cause instanceof Error ? cause.message : String(cause)).replace(/\.\s*$/, '');
    const remedy = `${NEEDS[device] ?? ''} Or set DEVICE=cpu or auto.`.trim();
    super('device_unavailable', 'server', 503, `DEVICE=${device} cannot be used here: ${reason}. ${remedy}`, {
      remedy,
    });
  }
}
