import { InvalidRequestError } from '../../common/errors/request.errors.js';
import { describe, invalid } from '../../common/json/json-fields.js';
import {
  CHECKPOINT_SCHEME,
  CHECKPOINT_SEGMENTS,
  type CheckpointPath,
  isCheckpointPath,
  kindOf,
} from '../../domain/checkpoint-path.js';
import { isModelId } from '../adapters/index.js';

const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;
const NAME_REMEDY = 'Use 1 to 128 letters, digits, dots, dashes and underscores, not starting with a dot.';
const PATH_REMEDY = `Use tinker://<model_id>/<kind>/<name>, with one of the kinds ${CHECKPOINT_SEGMENTS.join(', ')}.`;

export function parseCheckpointPath(path: string, field: string): CheckpointPath {
  const [modelId, segment, name, ...more] = path.slice(CHECKPOINT_SCHEME.length).split('/');
  const kind = segment === undefined ? undefined : kindOf(segment);
  const known = isCheckpointPath(path) && isModelId(modelId ?? '');
  if (!known || !modelId || !kind || name === undefined || more.length > 0) {
    throw new InvalidRequestError(
      `${field} ${JSON.stringify(path.slice(0, 80))} is not a valid checkpoint path. ${PATH_REMEDY}`,
      {
        field,
        remedy: PATH_REMEDY,
      },
    );
  }
  return { modelId, kind, name: checkCheckpointName(name, field) };
}

/** `<kind>/<name>`: a checkpoint within its adapter. @throws InvalidRequestError */
export function readOwnCheckpoint(text: string, field: string): Pick<CheckpointPath, 'kind' | 'name'> {
  const [segment = '', name, ...more] = text.split('/');
  const kind = kindOf(segment);
  if (kind && name !== undefined && more.length === 0) return { kind, name: checkCheckpointName(name, field) };
  throw invalid(
    field,
    `is ${describe(text)}, which is not a valid checkpoint path.`,
    `Use <kind>/<name>, with one of the kinds ${CHECKPOINT_SEGMENTS.join(', ')}.`,
  );
}

/** A path, or the name of one of the adapter's own training checkpoints. @throws InvalidRequestError */
export function readCheckpointPath(text: string, modelId: string, field: string): CheckpointPath {
  if (isCheckpointPath(text)) return parseCheckpointPath(text, field);
  return { modelId, kind: 'training', name: checkCheckpointName(text, field) };
}

export function checkCheckpointName(name: string, field: string): string {
  if (NAME.test(name)) return name;
  throw new InvalidRequestError(
    `${field} ${JSON.stringify(name.slice(0, 80))} is not a valid checkpoint name. ${NAME_REMEDY}`,
    { field, remedy: NAME_REMEDY },
  );
}

/** A request that must name a checkpoint does not. `field`: the caller's word for the name. */
export function namelessCheckpoint(field: string, remedy: string): InvalidRequestError {
  return new InvalidRequestError(`No checkpoint is specified. ${remedy}`, { field, remedy });
}
