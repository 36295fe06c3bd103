import { AppError } from '../common/errors/app-error.js';

/** The engine ended while calls were open, or before they were made; start() begins a new one. */
export class EngineStoppedError extends AppError {
  constructor(reason: string, options?: ErrorOptions) {
    super('engine_stopped', 'server', 503, `The compute engine is not running: ${reason}.`, {}, options);
  }
}
