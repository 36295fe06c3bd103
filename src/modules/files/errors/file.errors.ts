import { AppError } from '../../../common/errors/app-error.js';
import { NotFoundError } from '../../../common/errors/request.errors.js';

export class FileNotFoundError extends NotFoundError {
  constructor(id: string, field: string) {
    super('File', id, { field, remedy: 'GET /v1/files lists your files.' });
  }
}

export class FileTooLargeError extends AppError {
  constructor(limitBytes: number) {
    const remedy = 'Split it, or raise FILE_LIMIT_MB on the server.';
    super('file_too_large', 'user', 413, `The file is larger than ${limitBytes} bytes. ${remedy}`, {
      field: 'file',
      limit_bytes: limitBytes,
      remedy,
    });
  }
}
