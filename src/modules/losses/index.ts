export { readLossDefinition } from './loss-definition.reader.js';
export { LossesModule } from './losses.module.js';
export { LossesService } from './losses.service.js';
