import { type AliasDto, type AliasVersionDto } from './dto/alias.dto.js';
import { type AliasVersionEntity } from './entities/alias-version.entity.js';

export function presentAlias(alias: AliasVersionEntity): AliasDto {
  return { name: alias.name, ...presentVersion(alias) };
}

export function presentVersion(alias: AliasVersionEntity): AliasVersionDto {
  const { version, target, baseModel, change, previous, evaluation, createdAt } = alias;
  return {
    version,
    target,
    base_model: baseModel,
    change,
    previous_version: previous,
    eval: evaluation && presentEvaluation(evaluation),
    created_at: createdAt.toISOString(),
  };
}

function presentEvaluation({ currentLoss, ...evaluation }: NonNullable<AliasVersionEntity['evaluation']>) {
  return { ...evaluation, current_loss: currentLoss };
}
