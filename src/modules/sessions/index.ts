export { FINISH_REASONS, type FinishReason, SILENT, SessionEntity } from './entities/session.entity.js';
export { SamplersService } from './samplers.service.js';
export { type SessionCursor, type SessionFilter } from './session-filter.js';
export { SessionsModule } from './sessions.module.js';
export { SessionsService } from './sessions.service.js';
