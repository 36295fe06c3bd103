export { AdapterResidency } from './adapter-residency.js';
export { AdapterRestore, type LoadedState } from './adapter-restore.js';
export { AdapterStateModule } from './adapter-state.module.js';
export { AdapterStateStore, snapshotFolder, stateFolder } from './adapter-state.store.js';
