import { applyDecorators, Controller } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AcceptsUnknownFields } from '../../common/http/validation/accepts-unknown-fields.js';

/** A controller of the OpenAI API: its prefix and its tag. */
export const OpenAiController = () => applyDecorators(AcceptsUnknownFields(), Controller('v1'), ApiTags('openai'));
