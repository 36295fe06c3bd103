import { type ComputeBackend } from '../compute/compute-backend.js';
import { type LoadRequest } from './payloads/load-payload.js';

/** An adapter as an operation changes it: the resident one in a first run, one that is being rebuilt in a replay. */
export interface AdapterContext {
  readonly backend: ComputeBackend;
  /** Names the adapter in the backend; a rebuilt one has an id of its own. */
  readonly adapterId: string;
  readonly owner: string;
  /** The owner's weight in the division of engine time; 1 where left out. */
  readonly weight?: number;
  /** Gives the adapter the state that it had right after an earlier operation, unapplied gradients included. */
  readonly rewindTo: (position: number) => Promise<AdapterFigures>;
  /** Replaces the adapter's weights, and where asked its optimiser state, by a checkpoint's. */
  readonly loadCheckpoint: (request: LoadRequest) => Promise<AdapterFigures>;
}

/** The figures of an adapter that its row shows. */
export interface AdapterFigures {
  /** Optimiser steps taken. */
  readonly step: number;
  readonly hasGradients: boolean;
}
