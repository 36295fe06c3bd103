import { type BaseModel } from '../../../base-models/base-model.js';
import { type AdapterEntity } from '../../adapters/index.js';
import { type AliasVersionEntity } from '../../aliases/index.js';
import { type OpenAiModelDto } from './model.dto.js';

const STARTED = seconds(new Date());

/** `id`: one of the names that the model has. */
export function presentBaseModel({ name, config }: BaseModel, id = name): OpenAiModelDto {
  return {
    id,
    object: 'model',
    created: STARTED,
    owned_by: 'base',
    parent: null,
    max_model_len: config.contextLength,
  };
}

export function presentAdapter({ modelId, createdAt }: AdapterEntity, { name, config }: BaseModel): OpenAiModelDto {
  return {
    id: modelId,
    object: 'model',
    created: seconds(createdAt),
    owned_by: 'adapter',
    parent: name,
    max_model_len: config.contextLength,
  };
}

/** `base`: of its target, which is the parent. */
export function presentAlias({ name, target, createdAt }: AliasVersionEntity, { config }: BaseModel): OpenAiModelDto {
  return {
    id: name,
    object: 'model',
    created: seconds(createdAt),
    owned_by: 'alias',
    parent: target,
    max_model_len: config.contextLength,
  };
}

function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
