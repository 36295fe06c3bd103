import { CHAOS_BACKENDS } from './chaos-backend.js';
import { describeChaos } from './chaos-suite.js';

const { CHAOS_BACKEND: backend, CHAOS_FAULTS: faults = 10, CHAOS_SEED: seed = '1539' } = process.env;

describeChaos({ backend: CHAOS_BACKENDS[backend === 'torch' ? 'torch' : 'local'], faults: Number(faults), seed });
