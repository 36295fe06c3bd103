export { UsageHourEntity } from './entities/usage-hour.entity.js';
export { UsageModule } from './usage.module.js';
export { type TokenTotals, UsageRepository } from './usage.repository.js';
