import { AppError } from '../../../common/errors/app-error.js';

/** A heartbeat for a session that its client has finished. The SDK stops its heartbeats at a 410. */
export class SessionEndedError extends AppError {
  constructor(id: string) {
    const remedy = 'Its resources still exist; start a new session with POST /api/v1/create_session.';
    super('session_ended', 'user', 410, `Session '${id}' was finished. ${remedy}`, {
      field: 'session_id',
      remedy,
    });
  }
}
