import { InvalidRequestError } from '../../../common/errors/request.errors.js';
import { isGiven } from '../../../common/json/json-fields.js';
import { oneSetting } from '../../../common/json/one-setting.js';
import { TARGET_MODULES } from '../../../domain/adapter/lora-spec.js';
import { toSeed } from '../../../domain/seed.js';
import { type LoraConfigDto } from '../dto/lora-config.dto.js';
import { ALL_LINEAR, type TargetSelection, type WantedLora } from '../target-selection.js';

/** What the request says about the adapter; what it leaves out is for the caller to fill in. */
export function readLoraSpec(dto: LoraConfigDto | undefined, field = 'lora_config'): WantedLora {
  if (!dto) return {};
  const rank = oneSetting(dto.rank, dto.r, `${field}.rank`, `${field}.r`);
  const alpha = oneSetting(dto.alpha, dto.lora_alpha, `${field}.alpha`, `${field}.lora_alpha`);
  const dropout = oneSetting(dto.dropout, dto.lora_dropout, `${field}.dropout`, `${field}.lora_dropout`);
  const modules = dto.target_modules ?? undefined;
  const targetModules = modules === undefined ? undefined : toTargets(modules, field);
  const { use_rslora: rsLora } = dto;
  const seed = isGiven(dto.seed) ? toSeed(dto.seed) : undefined;
  const given = Object.entries({ rank, alpha, dropout, targetModules, rsLora, seed });
  // Null is left out, as undefined is.
  return Object.fromEntries(given.filter(([, value]) => (value ?? undefined) !== undefined));
}

/** In the order of TARGET_MODULES, so that the same set is the same adapter. */
function toTargets(given: unknown, field: string): TargetSelection {
  if (given === ALL_LINEAR) return ALL_LINEAR;
  const names: readonly unknown[] = Array.isArray(given) ? given : [];
  const targets = TARGET_MODULES.filter((target) => names.includes(target));
  // Shorter where a name is unknown or stands there twice.
  if (names.length > 0 && targets.length === names.length) return targets;
  const path = `${field}.target_modules`;
  const remedy = `Pass "${ALL_LINEAR}" or a list of distinct names from ${TARGET_MODULES.join(', ')}.`;
  throw new InvalidRequestError(`${path} is invalid. ${remedy}`, { field: path, remedy });
}
