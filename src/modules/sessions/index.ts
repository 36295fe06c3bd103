export { FINISH_REASONS, type FinishReason, type SessionEntity, SILENT } from './entities/session.entity.js';
export { SamplersService } from './samplers.service.js';
export { SessionsModule } from './sessions.module.js';
export { type SessionCursor, type SessionFilter } from './session-filter.js';
export { SessionsService } from './sessions.service.js';
