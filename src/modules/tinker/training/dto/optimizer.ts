import { describe, invalid, isGiven } from '../../../../common/json/json-fields.js';
import { shortened } from '../../../../common/shortened.js';

type Settings = Readonly<Record<string, unknown>> | null;

/** The only optimiser here, under the names that SDKs have for it. */
export function isAdamW(type: unknown): boolean {
  return type === 'adam' || type === 'adamw';
}

/**
 * What a model is to be trained with for all its life. Fields beside the type belong to a kind of optimiser that is not
 * here, or to an AdamW that counts otherwise.
 * @throws InvalidRequestError for everything but AdamW as it is here
 */
export function checkOptimizerConfig(config: Settings = null): void {
  const type = config?.['type'] ?? 'adamw';
  if (!isAdamW(type)) {
    throw invalid('optimizer_config.type', `is ${describe(type)}.`, 'This server only supports AdamW; omit it.');
  }
  const more = Object.keys(config ?? {}).find((key) => key !== 'type' && isGiven(config?.[key]));
  if (more === undefined) return;
  const remedy =
    'AdamW has no settings here: send only the type, and the settings of each step as adam_params of optim_step.';
  throw invalid(`optimizer_config.${shortened(more)}`, 'is an unknown setting.', remedy);
}

/** SDKs send AdamW's settings as adam_params, and those of any other optimiser in this field. @throws InvalidRequestError */
export function refuseOtherParams(params: Settings = null, field: 'optim_params' | 'optimizer_params'): void {
  if (params === null) return;
  const { type } = params;
  if (isGiven(type) && !isAdamW(type)) throw otherKind(`${field}.type`, type);
  throw invalid(field, 'are for optimisers other than AdamW.', "Send AdamW's settings as adam_params.");
}

export function refuseOtherKind(type: unknown, field: string): void {
  if (isGiven(type) && !isAdamW(type)) throw otherKind(field, type);
}

function otherKind(field: string, type: unknown): Error {
  return invalid(field, `is ${describe(type)}.`, 'This server only supports AdamW.');
}
