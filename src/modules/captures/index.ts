export { type CapturedRequest } from './captured-request.js';
export { CapturesModule } from './captures.module.js';
export { CapturesService } from './captures.service.js';
