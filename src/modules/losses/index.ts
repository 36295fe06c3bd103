export { LossesModule } from './losses.module.js';
export { type LossInputSpec, type LossMetadata } from './loss-function.js';
export { LossRegistry } from './loss-registry.js';
