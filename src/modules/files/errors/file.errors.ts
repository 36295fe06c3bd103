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

export class FileQuotaError extends AppError {
  constructor(usedBytes: number, limitBytes: number) {
    const remedy = 'Delete files that you no longer need, or raise MAX_FILE_MB_PER_KEY on the server.';
    const message = `Your files have ${usedBytes} bytes, and with this one more than ${limitBytes}. ${remedy}`;
    super('file_quota_exceeded', 'user', 413, message, {
      field: 'file',
      used_bytes: usedBytes,
      limit_bytes: limitBytes,
      remedy,
    });
  }
}
