import { type ArgumentsHost, Catch, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AppError } from '../../common/errors/app-error.js';
import { AppExceptionFilter } from '../../common/http/errors/app-exception.filter.js';

/** What the SDK tries again for minutes, though no repeat can mend it. */
const RETRIED_IN_VAIN = 409;

/** Errors as on the root routes, but with 400 where the SDK would try again in vain. */
@Injectable()
@Catch()
export class TinkerExceptionFilter extends AppExceptionFilter {
  constructor(adapterHost: HttpAdapterHost) {
    super(adapterHost);
  }

  override catch(exception: unknown, host: ArgumentsHost): void {
    super.catch(exception instanceof AppError ? finalError(exception) : exception, host);
  }
}

function finalError(error: AppError): AppError {
  if (error.status !== RETRIED_IN_VAIN) return error;
  return new AppError(error.code, error.category, 400, error.message, error.details, { cause: error });
}
