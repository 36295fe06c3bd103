import { InvalidRequestError } from '../../../common/errors/request.errors.js';
import { isGiven } from '../../../common/json/json-fields.js';
import { seedOfName, toSeed } from '../../../domain/seed.js';
import { type WantedLora } from '../../adapters/index.js';
import { TINKER_ALPHA } from '../dto/foreign-settings.js';
import { type CreateModelDto, type TinkerLoraConfigDto } from './dto/model.dto.js';
import { checkOptimizerConfig } from './dto/optimizer.js';
import { toParts } from './lora-flags.js';
import { type FreshModel, modelIdOf } from './tinker-models.js';

/** The model that create_model asks for. @throws InvalidRequestError */
export function readFreshModel(dto: CreateModelDto): FreshModel {
  checkOptimizerConfig(dto.optimizer_config);
  const { session_id: sessionId, model_seq_id: modelSeqId } = dto;
  return {
    sessionId,
    modelSeqId,
    baseModel: dto.base_model,
    lora: readTinkerLora(modelIdOf(sessionId, modelSeqId), dto.lora_config ?? undefined),
    userMetadata: dto.user_metadata ?? undefined,
  };
}

/** The shape of the adapter; its seed follows from the model's id where none is given. */
function readTinkerLora(modelId: string, config: TinkerLoraConfigDto = {}): WantedLora {
  const targetModules = toParts({
    train_unembed: config.train_unembed ?? true,
    train_mlp: config.train_mlp ?? true,
    train_attn: config.train_attn ?? true,
  });
  if (!Object.values(targetModules).includes(true)) {
    const remedy = 'Set at least one of train_attn, train_mlp and train_unembed.';
    throw new InvalidRequestError(`lora_config does not train any layer. ${remedy}`, { field: 'lora_config', remedy });
  }
  const seed = isGiven(config.seed) ? toSeed(config.seed) : seedOfName(modelId);
  return { rank: config.rank ?? 32, alpha: TINKER_ALPHA, dropout: 0, targetModules, rsLora: false, seed };
}
