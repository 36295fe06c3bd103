import { OPERATION_KINDS, type OperationKind } from '../domain/operation.js';
import { createAdapterOperation } from './kinds/create-adapter.operation.js';
import { deleteAdapterOperation } from './kinds/delete-adapter.operation.js';
import { forwardBackwardOperation } from './kinds/forward-backward.operation.js';
import { forwardOperation } from './kinds/forward.operation.js';
import { generateOperation } from './kinds/generate.operation.js';
import { loadWeightsOperation } from './kinds/load-weights.operation.js';
import { optimStepOperation } from './kinds/optim-step.operation.js';
import { rewindAdapterOperation } from './kinds/rewind-adapter.operation.js';
import { saveWeightsExternalOperation } from './kinds/save-weights-external.operation.js';
import { saveWeightsForSamplerOperation } from './kinds/save-weights-for-sampler.operation.js';
import { saveWeightsOperation } from './kinds/save-weights.operation.js';
import { unloadAdapterOperation } from './kinds/unload-adapter.operation.js';
import { isReplayed, type OperationDefinition, type ReplayedOperation } from './operation-definition.js';

type OperationTable = Readonly<Record<OperationKind, OperationDefinition>>;

/** The definition of every operation kind. */
export const OPERATIONS: OperationTable = {
  create_adapter: createAdapterOperation,
  delete_adapter: deleteAdapterOperation,
  unload_adapter: unloadAdapterOperation,
  forward: forwardOperation,
  forward_backward: forwardBackwardOperation,
  optim_step: optimStepOperation,
  generate: generateOperation,
  save_weights: saveWeightsOperation,
  save_weights_for_sampler: saveWeightsForSamplerOperation,
  save_weights_external: saveWeightsExternalOperation,
  load_weights: loadWeightsOperation,
  rewind_adapter: rewindAdapterOperation,
};

export function isReadOnly(kind: OperationKind): boolean {
  return OPERATIONS[kind].readOnly;
}

export function isCancellable(kind: OperationKind): boolean {
  return OPERATIONS[kind].cancellable;
}

export function isStoppable(kind: OperationKind): boolean {
  return OPERATIONS[kind].stoppable ?? false;
}

/** The definitions that a worker runs and replays with. */
export class OperationCatalog {
  constructor(private readonly definitions: OperationTable = OPERATIONS) {}

  of(kind: OperationKind): OperationDefinition {
    return this.definitions[kind];
  }

  /** The definition of a kind whose operations change their adapter and are replayed; null for any other kind. */
  replayed(kind: OperationKind): ReplayedOperation | null {
    const definition = this.definitions[kind];
    return isReplayed(definition) ? definition : null;
  }

  /** The kinds for which `replayed` gives a definition. */
  get replayedKinds(): readonly OperationKind[] {
    return OPERATION_KINDS.filter((kind) => this.replayed(kind) !== null);
  }

  /** Kinds that change their adapter without a word on how the change is repeated: a worker must not start with one. */
  get kindsWithoutReplay(): readonly OperationKind[] {
    return OPERATION_KINDS.filter((kind) => {
      const definition = this.definitions[kind];
      return !definition.readOnly && !isReplayed(definition) && !definition.notReplayed;
    });
  }
}
