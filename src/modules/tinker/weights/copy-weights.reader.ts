import { randomUUID } from 'node:crypto';
import { invalid, isGiven } from '../../../common/json/json-fields.js';
import { parseCheckpointPath } from '../../checkpoints/index.js';
import { type CopyWeightsDto } from './dto/copy-weights.dto.js';
import { type CopyOrder } from './tinker-copies.js';

/** What of a copy_weights request may stand in its headers. */
export interface CopyHeaders {
  readonly accessToken?: string;
  readonly idempotencyKey?: string;
}

/** @throws InvalidRequestError */
export function readCopyWeights(dto: CopyWeightsDto, { accessToken, idempotencyKey }: CopyHeaders): CopyOrder {
  return {
    source: parseCheckpointPath(dto.source_path, 'source_path'),
    accessToken: accessToken ?? dto.weights_access_token ?? undefined,
    ttlSeconds: dto.ttl_seconds ?? null,
    destination: readDestination(dto),
    idempotencyKey: idempotencyKey ?? randomUUID(),
  };
}

function readDestination({
  session_id: sessionId,
  model_seq_id: modelSeqId,
  destination_project_id: projectId,
}: CopyWeightsDto): CopyOrder['destination'] {
  if (isGiven(sessionId)) {
    if (isGiven(modelSeqId)) return { sessionId, modelSeqId };
    throw invalid('model_seq_id', 'is missing.', 'It is the number of the run in its session.');
  }
  if (isGiven(projectId)) return { projectId };
  const remedy = 'Pass session_id and model_seq_id, or destination_project_id for a new session.';
  throw invalid('session_id', 'is missing.', remedy);
}
