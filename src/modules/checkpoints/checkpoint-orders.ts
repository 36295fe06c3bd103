import { type CheckpointKind, type CheckpointPath } from '../../domain/checkpoint-path.js';

/** An adapter's weights to save under a name, as the readers of the dialects fill it from requests. */
export interface SaveCheckpoint {
  readonly modelId: string;
  readonly kind: CheckpointKind;
  /** Checked with checkCheckpointName by the reader, which knows what its client calls the field. */
  readonly name: string;
  /** Replaces a checkpoint of this name; else a name that is taken is refused. */
  readonly overwrite?: boolean;
  /** Null: it never expires. */
  readonly ttlSeconds: number | null;
  /** The client's number of the request: a repeat gives the first one's future. */
  readonly seqId?: number;
  /** The row's id, where it is chosen already. */
  readonly checkpointId?: string;
  /** What the client wants to remember with it. */
  readonly userMetadata?: Readonly<Record<string, string>>;
  /** Of age: the files are encrypted to them. Without any they are not. */
  readonly recipients?: readonly string[];
  /** Saved also for a key that stores as much as it may: a job that was accepted runs to its end, an export does not stay. */
  readonly ignoresStorageLimit?: boolean;
}

/** A checkpoint to load into an adapter. */
export interface LoadCheckpoint {
  readonly modelId: string;
  readonly path: CheckpointPath;
  /** What the client calls the field that the path is from, for errors. */
  readonly field: string;
  /** Restores moments and step as well; else the optimiser starts fresh. */
  readonly optimizer: boolean;
  readonly seqId?: number;
  /** The owner who may read the checkpoint, where that is another one than the caller. */
  readonly reader?: string;
}
