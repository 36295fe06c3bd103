export { AliasesModule } from './aliases.module.js';
export { AliasesService } from './aliases.service.js';
export { type AliasVersionEntity } from './entities/alias-version.entity.js';
export { AliasTargetGoneError } from './errors/alias.errors.js';
