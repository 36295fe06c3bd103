export { AdapterHandle } from './adapter.js';
export { Adapters } from './adapters.js';
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
} from './errors.js';
export { Files } from './files.js';
export { type CallOptions, Futures } from './futures.js';
export { type JobNews, Jobs } from './jobs.js';
export { ChatCompletions, Completions, Models } from './openai.js';
export * from './schemas.js';
export { type ConnectionOptions } from './transport.js';
