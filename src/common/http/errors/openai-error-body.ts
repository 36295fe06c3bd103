import { type AppError } from '../../errors/app-error.js';
import { type OpenAiErrorDto } from './error.dto.js';

const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
};

export function isOpenAiRoute(path: string): boolean {
  return path.startsWith('/v1/');
}

/** `code` is ours, but for what clients look for by OpenAI's name. */
export function toOpenAiErrorBody({ status, code, message, details }: AppError): OpenAiErrorDto {
  const { field } = details;
  const isModel = code === 'not_found' && field === 'model';
  return {
    error: {
      message,
      type: TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'server_error'),
      param: field ?? null,
      code: isModel ? 'model_not_found' : code === 'unauthorized' ? 'invalid_api_key' : code,
    },
  };
}
