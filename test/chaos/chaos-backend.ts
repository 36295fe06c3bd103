import { type FaultKind } from './faults.js';
import { RANK_FAULTS } from './rank-faults.js';
import { type ClusterBackend } from './service-cluster.js';

/** What the workers of a run compute with. */
export interface ChaosBackend extends ClusterBackend {
  /** What can happen to this backend alone. */
  readonly ownFaults: readonly FaultKind[];
}

export const CHAOS_BACKENDS = {
  local: { env: { ENGINE: 'onnxruntime' }, patience: 1, ownFaults: [] },
  torch: {
    env: {
      BACKEND: 'torch',
      DEVICE: 'cpu',
      TORCH_RANKS: '2',
      // As short as ranks can keep on a busy machine: what they do while they start holds up their signs of life.
      TORCH_SILENCE_S: '5',
      TORCH_CALL_S: '60',
    },
    // Every start of a rank imports torch.
    patience: 4,
    ownFaults: RANK_FAULTS,
  },
} as const satisfies Record<string, ChaosBackend>;
