import { NotFoundError } from '../../../common/errors/request.errors.js';

export class CaptureNotFoundError extends NotFoundError {
  constructor(id: string, field: string) {
    super('Capture', id, {
      field,
      remedy: 'Calls are captured from PUT /v1/captures/settings {"enabled": true} on; GET /v1/captures lists them.',
    });
  }
}
