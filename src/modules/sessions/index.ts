export { SamplersService } from './samplers.service.js';
export { SessionsModule } from './sessions.module.js';
export { SessionsService } from './sessions.service.js';
