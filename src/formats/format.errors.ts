import { AppError, type ErrorDetails } from '../common/errors/app-error.js';

/** Bytes that are not a well-formed safetensors file. Callers say whose file it is by wrapping it. */
export class InvalidSafetensorsError extends AppError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('invalid_safetensors', 'user', 400, message, details);
  }
}

/** An uploaded adapter that is malformed or uses a PEFT feature that this server does not have. */
export class UnsupportedAdapterError extends AppError {
  constructor(message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    const remedy = 'Send a tar archive of the complete, unmodified folder in which PEFT saved a plain LoRA adapter.';
    super('unsupported_adapter', 'user', 400, message, { remedy, ...details }, options);
  }
}

/** An adapter that was made for another base model. */
export class AdapterMismatchError extends AppError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('adapter_mismatch', 'user', 400, message, details);
  }
}

/** A base model's checkpoint that cannot be loaded, with the reason. */
export class UnsupportedCheckpointError extends AppError {
  constructor(message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super('unsupported_checkpoint', 'server', 500, message, details, options);
  }
}
