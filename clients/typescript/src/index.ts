export { AdapterHandle } from './resources/adapter.js';
export { Adapters } from './resources/adapters.js';
export { type components, type operations, type paths } from './api-types.js';
export { ThinkerClient } from './client.js';
export {
  ApiError,
  AuthenticationError,
  ConflictError,
  ConnectionError,
  InvalidRequestError,
  NotFoundError,
  PermissionError,
  RateLimitError,
  ServerError,
  ThinkerError,
} from './http/errors.js';
export { Files } from './resources/files.js';
export { type CallOptions, Futures } from './resources/futures.js';
export { type JobNews, Jobs } from './resources/jobs.js';
export { ChatCompletions, Completions, Models } from './resources/openai.js';
export * from './schemas.js';
export { type ConnectionOptions } from './http/transport.js';
