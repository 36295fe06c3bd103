import { type ArgumentsHost, Catch, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AppError } from '../../common/errors/app-error.js';
import { AppExceptionFilter } from '../../common/http/app-exception.filter.js';

/** Statuses that the SDK tries again for minutes, though no repeat can mend what is wrong. */
const RETRIED_IN_VAIN = [409, 429];

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
  if (!RETRIED_IN_VAIN.includes(error.status)) return error;
  return new AppError(error.code, error.category, 400, error.message, error.details, { cause: error });
}
