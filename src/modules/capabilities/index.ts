export { CapabilitiesModule } from './capabilities.module.js';
export { CapabilitiesService } from './capabilities.service.js';
