import { oneSetting } from '../../../common/json/one-setting.js';
import { type CreateAdapterDto } from '../dto/create-adapter.dto.js';
import { type NewAdapter } from '../new-adapter.js';
import { type WantedLora } from '../target-selection.js';
import { readLoraSpec } from './lora-spec.reader.js';

/** The adapter that a request of the root routes asks for. @throws InvalidRequestError */
export function readNewAdapter(dto: CreateAdapterDto): NewAdapter {
  return { modelId: dto.model_id ?? undefined, baseModel: dto.base_model ?? undefined, lora: readShape(dto) };
}

/** The shape, from lora_config and from the top level. */
function readShape(dto: CreateAdapterDto): WantedLora {
  const nested = readLoraSpec(dto.lora_config);
  const rank = oneSetting(nested.rank, dto.rank, 'lora_config.rank', 'rank');
  const alpha = oneSetting(nested.alpha, dto.alpha, 'lora_config.alpha', 'alpha');
  return { ...nested, ...(rank === undefined ? {} : { rank }), ...(alpha === undefined ? {} : { alpha }) };
}
