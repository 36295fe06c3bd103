import { type AdapterSnapshotEntity } from './entities/adapter-snapshot.entity.js';
import { type WantedLora } from './target-selection.js';

/** The files of a new adapter's first state, which are in the checkpoint store already. */
export type FirstState = Pick<AdapterSnapshotEntity, 'path' | 'step' | 'sizeBytes' | 'digest'>;

/** A position in the log of another adapter, and the optimiser steps taken up to it. */
export interface Fork {
  readonly adapterId: string;
  readonly modelId: string;
  readonly position: number;
  readonly step: number;
}

/** An adapter to make, as readers fill it from requests: what is left out gets its default. */
export interface NewAdapter {
  /** The row's id, where it is chosen already. */
  readonly id?: string;
  readonly modelId?: string;
  readonly baseModel?: string;
  readonly lora: WantedLora;
  /** The Tinker session that makes it, and what its client wants to remember with it. */
  readonly sessionId?: string;
  readonly userMetadata?: Readonly<Record<string, unknown>>;
  /** A first state other than fresh weights, which is in the checkpoint store already. Needs `id`. */
  readonly firstState?: FirstState;
  /** The checkpoint that it is to hold a copy of: tinker://... */
  readonly copiedFrom?: string;
  /** A first state that another adapter has had. */
  readonly fork?: Fork;
  /** Made also for a key that stores as much as it may: a job that was accepted runs to its end. */
  readonly ignoresStorageLimit?: boolean;
}

/** An adapter to make under a name of the client's, or to find there with the same shape. */
export type NamedAdapter = NewAdapter & { readonly modelId: string };
