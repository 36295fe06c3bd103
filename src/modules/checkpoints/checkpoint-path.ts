import { InvalidRequestError } from '../../common/errors/request.errors.js';
import { isModelId } from '../adapters/index.js';
import { CHECKPOINT_KINDS, type CheckpointKind } from './entities/checkpoint.entity.js';

/** Where a checkpoint is, as clients write it: `tinker://<model_id>/weights/<name>`, or another segment for its kind. */
export interface CheckpointPath {
  readonly modelId: string;
  readonly kind: CheckpointKind;
  readonly name: string;
}

const SCHEME = 'tinker://';
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;
const NAME_REMEDY = 'Use 1 to 128 letters, digits, dots, dashes and underscores, not beginning with a dot.';
const SEGMENTS: Readonly<Record<CheckpointKind, string>> = {
  training: 'weights',
  sampler: 'sampler_weights',
  external: 'external_weights',
};
/** 'weights' and the others, as in paths and routes. */
export const CHECKPOINT_SEGMENTS: readonly string[] = Object.values(SEGMENTS);
const PATH_REMEDY = `Use tinker://<model_id>/<kind>/<name>, with one of the kinds ${CHECKPOINT_SEGMENTS.join(', ')}.`;

export function isCheckpointPath(text: string): boolean {
  return text.startsWith(SCHEME);
}

export function parseCheckpointPath(path: string, field: string): CheckpointPath {
  const [modelId, segment, name, ...more] = path.slice(SCHEME.length).split('/');
  const kind = segment === undefined ? undefined : kindOf(segment);
  const known = isCheckpointPath(path) && isModelId(modelId ?? '');
  if (!known || !modelId || !kind || name === undefined || more.length > 0) {
    throw new InvalidRequestError(
      `${field} ${JSON.stringify(path.slice(0, 80))} is not a checkpoint's path. ${PATH_REMEDY}`,
      {
        field,
        remedy: PATH_REMEDY,
      },
    );
  }
  return { modelId, kind, name: checkCheckpointName(name, field) };
}

export function formatCheckpointPath({ modelId, kind, name }: CheckpointPath): string {
  return `${SCHEME}${modelId}/${segmentOf(kind)}/${name}`;
}

export function checkCheckpointName(name: string, field: string): string {
  if (NAME.test(name)) return name;
  throw new InvalidRequestError(
    `${field} ${JSON.stringify(name.slice(0, 80))} cannot be a checkpoint's name. ${NAME_REMEDY}`,
    { field, remedy: NAME_REMEDY },
  );
}

export function segmentOf(kind: CheckpointKind): string {
  return SEGMENTS[kind];
}

export function kindOf(segment: string): CheckpointKind | undefined {
  return CHECKPOINT_KINDS.find((kind) => SEGMENTS[kind] === segment);
}
