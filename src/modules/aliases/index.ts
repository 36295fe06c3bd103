export { AliasesModule } from './aliases.module.js';
export { presentAlias } from './aliases.presenter.js';
export { AliasesService } from './aliases.service.js';
export { AliasDto } from './dto/alias.dto.js';
export { type AliasVersionEntity } from './entities/alias-version.entity.js';
export { AliasTargetGoneError } from './errors/alias.errors.js';
export { type EvaluationComparison } from './evaluation-comparison.js';
