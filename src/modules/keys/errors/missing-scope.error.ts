import { AppError } from '../../../common/errors/app-error.js';
import { type KeyScope } from '../scopes/key-scope.js';

/** The key counts, but may not do this. */
export class MissingScopeError extends AppError {
  /** @param missing any one of these would do */
  constructor(missing: readonly KeyScope[], scopes: readonly KeyScope[]) {
    const wanted = missing.map((scope) => `'${scope}'`).join(' or ');
    const own = scopes.length === 0 ? 'It has none.' : `It has: ${scopes.join(', ')}.`;
    const remedy = 'Use a key with that scope, or ask the operator of the server to add it to this one.';
    super('missing_scope', 'user', 403, `This API key lacks the scope ${wanted}. ${own} ${remedy}`, {
      field: 'X-API-Key',
      missing_scopes: missing,
      scopes,
      remedy,
    });
  }
}
