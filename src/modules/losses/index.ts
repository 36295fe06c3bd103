export { LossesModule } from './losses.module.js';
export { WrittenLoss } from './expressions/written-loss.js';
export { IGNORED_TARGET, leaveOutIgnored } from './ignored-targets.js';
export { inputOffsets, shownMetrics, type LossInputSpec, type LossMetadata } from './loss-function.js';
export { descriptionOf, joinTensors, readLossInputs, readWireTensor, type WireTensor } from './loss-input-tensors.js';
export { LossRegistry } from './loss-registry.js';
export { LossesService } from './losses.service.js';
