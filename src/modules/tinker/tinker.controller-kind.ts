import { applyDecorators, Controller, UseFilters } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { TinkerExceptionFilter } from './tinker-exception.filter.js';

/** A controller of the Tinker API: its prefix, its tag, its errors. */
export const TinkerController = () =>
  applyDecorators(Controller('api/v1'), ApiTags('tinker'), UseFilters(TinkerExceptionFilter));
