import { applyDecorators, Controller, UseFilters } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AcceptsUnknownFields } from '../../common/http/validation/accepts-unknown-fields.js';
import { TinkerExceptionFilter } from './tinker-exception.filter.js';

/** What an answer with a request id means. */
export const ACCEPTED = 'Accepted; POST /api/v1/retrieve_future with the request_id returns the result.';

/** What a controller's routes are about; src/openapi.ts describes and orders the tags made of these. */
type Group = 'service' | 'models' | 'training' | 'futures' | 'sampling' | 'weights' | 'runs' | 'records';

/** A controller of the Tinker API: its prefix, its tag, its errors. */
export const TinkerController = (group: Group) =>
  applyDecorators(
    AcceptsUnknownFields(),
    Controller('api/v1'),
    ApiTags(`tinker: ${group}`),
    UseFilters(TinkerExceptionFilter),
  );
