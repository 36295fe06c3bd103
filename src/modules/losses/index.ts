export { LossesModule } from './losses.module.js';
export { LossesService } from './losses.service.js';
