import { AppError } from '../common/errors/app-error.js';

/** The environment cannot be used; the message names every variable at fault, its value and what is allowed. */
export class ConfigError extends AppError {
  constructor(readonly problems: readonly string[]) {
    super('invalid_configuration', 'server', 500, ['The configuration is invalid:', ...problems].join('\n  - '));
  }
}
