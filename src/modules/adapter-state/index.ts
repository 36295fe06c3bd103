export { AdapterResidency } from './adapter-residency.js';
export { AdapterRestore } from './adapter-restore.js';
export { CheckpointReader } from './checkpoint-reader.js';
export { AdapterStateModule } from './adapter-state.module.js';
export { warnOfChange } from './handlers/change-warning.js';
export { AdapterStateStore, snapshotFolder, stateFolder } from './adapter-state.store.js';
