export { UsageHourEntity } from './entities/usage-hour.entity.js';
export { UsageModule } from './usage.module.js';
export { UsageRepository } from './usage.repository.js';
