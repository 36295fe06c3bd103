import { unixSeconds } from '../../../common/unix-seconds.js';
import { type NamedModel } from '../../generation/index.js';
import { type OpenAiModelDto } from './model.dto.js';

export function presentModel({ name, kind, parent, createdAt, base }: NamedModel): OpenAiModelDto {
  return {
    id: name,
    object: 'model',
    created: unixSeconds(createdAt),
    owned_by: kind,
    parent,
    max_model_len: base.config.contextLength,
  };
}
