import { ulid } from 'ulid';
import { InvalidRequestError } from '../../../common/errors/request.errors.js';
import { isGiven } from '../../../common/json/json-fields.js';
import { type LoadCheckpoint, type SaveCheckpoint } from '../checkpoint-orders.js';
import { checkCheckpointName, namelessCheckpoint, readCheckpointPath } from '../checkpoint-path.js';
import { type LoadWeightsDto, type SaveForSamplerDto, type SaveWeightsDto } from '../dto/checkpoint.dto.js';

/** What the root routes ask to save and load. All of them throw InvalidRequestError. */

export function readSave(dto: SaveWeightsDto): SaveCheckpoint {
  const given = readName(dto);
  if (given === undefined) throw namelessCheckpoint('name', 'Pass "name", such as "step-10".');
  return {
    modelId: dto.model_id,
    kind: 'training',
    name: checkCheckpointName(given.name, given.field),
    overwrite: dto.overwrite ?? false,
    ttlSeconds: dto.ttl_seconds ?? null,
    seqId: dto.seq_id ?? undefined,
  };
}

/** A name is made where the request has none. */
export function readSaveForSampler(dto: SaveForSamplerDto): SaveCheckpoint {
  const given = readName(dto);
  return {
    modelId: dto.model_id,
    kind: 'sampler',
    name: given === undefined ? `sampler-${ulid()}` : checkCheckpointName(given.name, given.field),
    ttlSeconds: dto.ttl_seconds ?? null,
    seqId: dto.seq_id ?? undefined,
  };
}

export function readLoad(dto: LoadWeightsDto): LoadCheckpoint {
  const given = readName(dto);
  if (given === undefined) throw namelessCheckpoint('path', 'Pass "name", or the "path" that the save returned.');
  const path = readCheckpointPath(given.name, dto.model_id, given.field);
  return {
    modelId: dto.model_id,
    path,
    field: given.field,
    optimizer: dto.optimizer ?? path.kind === 'training',
    seqId: dto.seq_id ?? undefined,
  };
}

/** The name, and the field of the two that has it; undefined where neither does. */
function readName({
  name,
  path,
}: Pick<LoadWeightsDto, 'name' | 'path'>): { readonly name: string; readonly field: string } | undefined {
  if (isGiven(name) && isGiven(path) && name !== path) {
    const remedy = 'They are two names of one field: pass only one of them.';
    throw new InvalidRequestError(`name and path differ. ${remedy}`, { field: 'path', remedy });
  }
  if (isGiven(name)) return { name, field: 'name' };
  return isGiven(path) ? { name: path, field: 'path' } : undefined;
}
