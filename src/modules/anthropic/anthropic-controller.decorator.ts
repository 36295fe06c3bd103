import { applyDecorators, Controller, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AcceptsUnknownFields } from '../../common/http/validation/accepts-unknown-fields.js';
import { AnthropicHeadersGuard } from './anthropic-headers.guard.js';

/** A controller of Anthropic's API: its prefix, its tag and its headers. */
export const AnthropicController = () =>
  applyDecorators(AcceptsUnknownFields(), Controller('v1'), UseGuards(AnthropicHeadersGuard), ApiTags('anthropic'));
