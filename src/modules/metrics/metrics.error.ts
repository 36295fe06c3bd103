import { AppError } from '../../common/errors/app-error.js';

/** Metrics tell about everybody's use. */
export class MetricsRefusedError extends AppError {
  constructor(reason: 'no key' | 'wrong key' | 'other machine') {
    const problem = {
      'no key': 'The request has no key.',
      'wrong key': 'The key is neither METRICS_KEY nor one of ADMIN_KEYS.',
      'other machine': 'Without keys, metrics are served to this machine only.',
    }[reason];
    const remedy =
      reason === 'other machine'
        ? 'Set METRICS_KEY and send it, or set ALLOW_NO_KEYS=true if everyone may use the service.'
        : 'Send METRICS_KEY or one of ADMIN_KEYS as Authorization: Bearer <key>, in the header X-API-Key, or as the ' +
          'password of HTTP Basic with any user name.';
    const isForbidden = reason === 'other machine';
    super(
      isForbidden ? 'forbidden' : 'operators_only',
      'user',
      isForbidden ? 403 : 401,
      `Metrics are for operators. ${problem} ${remedy}`,
      {
        field: 'Authorization',
        remedy,
      },
    );
  }
}
