import { type NamedModel } from '../../generation/index.js';
import { type AnthropicModelDto, type AnthropicModelPageDto } from './model.dto.js';
import { type ModelPage } from './model-page.reader.js';

export function presentModel({ name, createdAt, base: { config } }: NamedModel): AnthropicModelDto {
  return {
    type: 'model',
    id: name,
    display_name: name,
    created_at: createdAt.toISOString(),
    max_input_tokens: config.contextLength,
    max_tokens: config.contextLength,
  };
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
