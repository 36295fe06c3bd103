import { type BaseModel } from '../../../base-models/base-model.js';
import { type AdapterEntity } from '../../adapters/index.js';
import { type AliasVersionEntity } from '../../aliases/index.js';
import { type AnthropicModelDto, type AnthropicModelPageDto } from './model.dto.js';
import { type ModelPage } from './model-page.reader.js';

const STARTED = new Date();

/** `id`: one of the names that the model has. */
export function presentBaseModel(model: BaseModel, id = model.name): AnthropicModelDto {
  return present(id, STARTED, model);
}

export function presentAdapter({ modelId, createdAt }: AdapterEntity, base: BaseModel): AnthropicModelDto {
  return present(modelId, createdAt, base);
}

/** `base`: of its target. */
export function presentAlias({ name, createdAt }: AliasVersionEntity, base: BaseModel): AnthropicModelDto {
  return present(name, createdAt, base);
}

/** The models after one, or the last ones before one. */
export function presentPage(
  models: readonly AnthropicModelDto[],
  { limit, afterId, beforeId }: ModelPage,
): AnthropicModelPageDto {
  const indexOf = (name: string) => models.findIndex(({ id }) => id === name);
  const first = afterId === undefined ? 0 : indexOf(afterId) + 1;
  const listed = models.slice(first, beforeId === undefined ? undefined : indexOf(beforeId));
  const data = beforeId === undefined ? listed.slice(0, limit) : listed.slice(-limit);
  return {
    data,
    has_more: data.length < listed.length,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  };
}

function present(id: string, created: Date, { config }: BaseModel): AnthropicModelDto {
  return {
    type: 'model',
    id,
    display_name: id,
    created_at: created.toISOString(),
    max_input_tokens: config.contextLength,
    max_tokens: config.contextLength,
  };
}
