import { torchUnavailable } from '../support/engines/torch-environment.js';
import { CHAOS_BACKENDS } from '../chaos/chaos-backend.js';
import { describeChaos } from '../chaos/chaos-suite.js';

/** Every fault of the ranks once, and as many others; `npm run chaos -- --backend torch` has more. */
const FAULTS = 8;

describeChaos({ backend: CHAOS_BACKENDS.torch, faults: FAULTS, seed: '1539', missing: torchUnavailable() });
