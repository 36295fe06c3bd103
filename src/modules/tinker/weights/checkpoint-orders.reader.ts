import { invalid, isGiven } from '../../../common/json/json-fields.js';
import {
  checkCheckpointName,
  namelessCheckpoint,
  parseCheckpointPath,
  readCheckpointPath,
  type SaveCheckpoint,
} from '../../checkpoints/index.js';
import { checkOptimizerConfig } from '../training/dto/optimizer.js';
import { type LoadIntoModel } from '../training/tinker-models.js';
import { type TinkerSaveExternalDto } from './dto/external-weights.dto.js';
import { type TinkerLoadDto, type TinkerSaveDto, type TinkerSaveForSamplerDto } from './dto/weights.dto.js';

/** What the Tinker API asks to save and load. All of them throw InvalidRequestError. */

export function readTinkerSave(dto: TinkerSaveDto): SaveCheckpoint {
  return {
    ...readNamed(dto, 'training'),
    overwrite: dto.overwrite ?? false,
    userMetadata: dto.user_metadata ?? undefined,
  };
}

/** Null where it has no name: then it is for one sampling session. */
export function readTinkerSaveForSampler(dto: TinkerSaveForSamplerDto): SaveCheckpoint | null {
  if (!isGiven(dto.path)) return null;
  return { ...readNamed(dto, 'sampler'), userMetadata: dto.user_metadata ?? undefined };
}

export function readTinkerSaveExternal(dto: TinkerSaveExternalDto): SaveCheckpoint {
  return { ...readNamed(dto, 'external'), recipients: dto.age_encryption_recipients ?? undefined };
}

export function readTinkerLoad(dto: TinkerLoadDto): LoadIntoModel {
  checkOptimizerConfig(dto.optimizer_config);
  const { model_id: modelId, session_id: sessionId, model_seq_id: modelSeqId } = dto;
  const origin = { optimizer: dto.optimizer ?? false, accessToken: dto.weights_access_token ?? undefined };
  if (isGiven(modelId)) {
    const path = readCheckpointPath(dto.path, modelId, 'path');
    return { ...origin, path, target: { modelId, seqId: dto.seq_id ?? undefined } };
  }
  if (!isGiven(sessionId) || !isGiven(modelSeqId)) {
    throw invalid('model_id', 'is missing.', 'Pass model_id, or session_id and model_seq_id to create a model.');
  }
  return {
    ...origin,
    path: parseCheckpointPath(dto.path, 'path'),
    target: {
      sessionId,
      modelSeqId,
      baseModel: dto.base_model ?? undefined,
      userMetadata: dto.user_metadata ?? undefined,
    },
  };
}

type Named = Pick<TinkerSaveDto, 'model_id' | 'path' | 'ttl_seconds' | 'seq_id'>;

function readNamed(dto: Named, kind: SaveCheckpoint['kind']): SaveCheckpoint {
  if (!isGiven(dto.path)) throw namelessCheckpoint('path', 'Pass "path", such as "step-10".');
  return {
    modelId: dto.model_id,
    kind,
    name: checkCheckpointName(dto.path, 'path'),
    ttlSeconds: dto.ttl_seconds ?? null,
    seqId: dto.seq_id ?? undefined,
  };
}
