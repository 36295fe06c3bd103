import { applyDecorators, Controller } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AcceptsUnknownFields } from '../../common/http/validation/accepts-unknown-fields.js';

/** A controller of OpenAI's fine-tuning API: its prefix and its tag. */
export const FineTuningController = () =>
  applyDecorators(AcceptsUnknownFields(), Controller('v1/fine_tuning/jobs'), ApiTags('openai'));

/** The parameter of routes to one job. */
export const JOB_ID = {
  name: 'fine_tuning_job_id',
  example: 'ftjob-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC',
  description: 'Id of the job.',
};

/** For the commands that show how to call a route. */
export const JOBS_URL = 'http://127.0.0.1:8000/v1/fine_tuning/jobs';
