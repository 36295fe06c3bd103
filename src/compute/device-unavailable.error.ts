import { AppError } from '../common/errors/app-error.js';

/** The engine cannot compute on the device of the settings. */
export class DeviceUnavailableError extends AppError {
  constructor(device: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const remedy = 'Set DEVICE=cpu or auto, or install what the device needs.';
    super('device_unavailable', 'server', 503, `DEVICE=${device} cannot be used here: ${reason}. ${remedy}`, {
      remedy,
    });
  }
}
