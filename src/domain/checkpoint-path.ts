/**
 * 'training' = weights with optimiser state, to continue training from; 'sampler' = immutable weights to sample from;
 * 'external' = weights as files for other programs (PEFT).
 */
export const CHECKPOINT_KINDS = ['training', 'sampler', 'external'] as const;
export type CheckpointKind = (typeof CHECKPOINT_KINDS)[number];

/** The name of a checkpoint, which clients write as `tinker://<model_id>/<segment of the kind>/<name>`. */
export interface CheckpointPath {
  readonly modelId: string;
  readonly kind: CheckpointKind;
  readonly name: string;
}

export const CHECKPOINT_SCHEME = 'tinker://';
const SEGMENTS: Readonly<Record<CheckpointKind, string>> = {
  training: 'weights',
  sampler: 'sampler_weights',
  external: 'external_weights',
};
/** The segments of all kinds, as they appear in paths and routes. */
export const CHECKPOINT_SEGMENTS: readonly string[] = Object.values(SEGMENTS);

export function isCheckpointPath(text: string): boolean {
  return text.startsWith(CHECKPOINT_SCHEME);
}

export function formatCheckpointPath({ modelId, kind, name }: CheckpointPath): string {
  return `${CHECKPOINT_SCHEME}${modelId}/${segmentOf(kind)}/${name}`;
}

export function segmentOf(kind: CheckpointKind): string {
  return SEGMENTS[kind];
}

export function kindOf(segment: string): CheckpointKind | undefined {
  return CHECKPOINT_KINDS.find((kind) => SEGMENTS[kind] === segment);
}
