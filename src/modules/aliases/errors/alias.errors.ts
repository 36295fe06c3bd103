import { ConflictError, NotFoundError } from '../../../common/errors/request.errors.js';

export class AliasNotFoundError extends NotFoundError {
  constructor(name: string) {
    super('Alias', name, { field: 'alias', remedy: 'GET /aliases lists your aliases.' });
  }
}

/** An alias is there, but not what it points at. */
export class AliasTargetGoneError extends NotFoundError {
  constructor(alias: string, target: string, field: string) {
    super(`The target of alias '${alias}',`, target, {
      field,
      remedy: `Set another target with PUT /aliases/${alias}.`,
    });
  }
}

export class AliasChangedError extends ConflictError {
  constructor(name: string) {
    const remedy = `GET /aliases/${name} shows what it points at now; promote again.`;
    super(`Alias '${name}' was changed while the targets were compared. ${remedy}`, { field: 'alias', remedy });
  }
}

export class NothingToRollBackError extends ConflictError {
  constructor(name: string) {
    const remedy = `PUT /aliases/${name} sets any target.`;
    super(`Alias '${name}' has no earlier target to return to. ${remedy}`, { field: 'alias', remedy });
  }
}
