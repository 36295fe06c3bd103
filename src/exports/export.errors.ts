import { AppError, type ErrorDetails } from '../common/errors/app-error.js';

/** The adapter or its base model cannot be written in the wanted format without becoming something else. */
export class ExportUnsupportedError extends AppError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('export_unsupported', 'user', 422, message, details);
  }
}

/** A merged number does not fit the file's type. */
export class ExportOverflowError extends AppError {
  constructor(tensor: string, dtype: string) {
    const remedy = 'Export with a wider type (outtype=f32), or train with a smaller learning rate.';
    super(
      'export_overflow',
      'user',
      422,
      `${tensor} contains numbers that ${dtype} cannot hold once the adapter is merged. ${remedy}`,
      { remedy },
    );
  }
}

/** Weights are merged where they are: a process that only serves the API has fetched none. */
export class ExportWithoutWeightsError extends AppError {
  constructor(baseModel: string, format: string) {
    const remedy =
      'Ask a server with ROLE=all, or export the adapter alone (format=peft, gguf-adapter) and merge it with PEFT.';
    super(
      'base_weights_unavailable',
      'user',
      409,
      `format=${format} needs the weights of base model '${baseModel}', which this process (ROLE=api) does not have. ${remedy}`,
      { field: 'format', remedy },
    );
  }
}
