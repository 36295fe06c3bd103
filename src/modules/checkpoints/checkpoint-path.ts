import { InvalidRequestError } from '../../common/errors/request.errors.js';
import { type CheckpointKind } from './entities/checkpoint.entity.js';

/** Where a checkpoint is, as clients write it: `tinker://<model_id>/weights/<name>` or `.../sampler_weights/<name>`. */
export interface CheckpointPath {
  readonly modelId: string;
  readonly kind: CheckpointKind;
  readonly name: string;
}

const SCHEME = 'tinker://';
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;
const NAME_REMEDY = 'Use 1 to 128 letters, digits, dots, dashes and underscores, not beginning with a dot.';
const SEGMENTS: Readonly<Record<string, CheckpointKind>> = { weights: 'training', sampler_weights: 'sampler' };
const PATH_REMEDY = 'Use tinker://<model_id>/weights/<name> or tinker://<model_id>/sampler_weights/<name>.';

export function isCheckpointPath(text: string): boolean {
  return text.startsWith(SCHEME);
}

export function parseCheckpointPath(path: string, field: string): CheckpointPath {
  const [modelId, segment, name, ...more] = path.slice(SCHEME.length).split('/');
  const kind = segment === undefined ? undefined : kindOf(segment);
  if (!isCheckpointPath(path) || !modelId || !kind || name === undefined || more.length > 0) {
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

/** 'weights' or 'sampler_weights', as in paths and routes. */
export function segmentOf(kind: CheckpointKind): string {
  return kind === 'training' ? 'weights' : 'sampler_weights';
}

export function kindOf(segment: string): CheckpointKind | undefined {
  return Object.hasOwn(SEGMENTS, segment) ? SEGMENTS[segment] : undefined;
}
