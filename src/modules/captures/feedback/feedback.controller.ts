import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ApiMissing, ApiPost } from '../../../common/http/api-docs.js';
import { ErrorDto } from '../../../common/http/errors/error.dto.js';
import { readCaptureFilter } from '../capture-filter.reader.js';
import { presentFeedback } from '../captures.presenter.js';
import { CAPTURE_ID } from '../dto/capture.dto.js';
import { type Judgement } from '../repositories/feedback.repository.js';
import { GiveFeedbackDto, GivenFeedbackDto, MakeTrainingFileDto, TrainingFileDto } from './feedback.dto.js';
import { FeedbackService } from './feedback.service.js';

const ID = `chatcmpl-${CAPTURE_ID}`;

@ApiTags('captures')
@Controller('v1/feedback')
export class FeedbackController {
  constructor(private readonly feedback: FeedbackService) {}

  @Post()
  @HttpCode(200)
  @ApiPost('v1/feedback', {
    summary: 'Give feedback on an answer',
    description:
      'Rates a captured answer by its id. A second call for the same answer updates the fields that it contains; ' +
      'null clears a field.',
    type: GiveFeedbackDto,
    examples: {
      correction: { id: ID, correction: 'You find them in aisle seven.' },
      thumb: { id: ID, thumb: 'up' },
      'score of the second answer': { id: ID, choice: 1, score: 0.25, note: 'Too long.' },
    },
  })
  @ApiMissing('capture')
  @ApiOkResponse({ type: GivenFeedbackDto, description: 'All feedback on the answer.' })
  async give(@Body() { id, choice = 0, ...body }: GiveFeedbackDto): Promise<GivenFeedbackDto> {
    const saved = await this.feedback.give(id, choice, readJudgement(body));
    return { capture_id: saved.captureId, ...presentFeedback(saved) };
  }

  @Post('files')
  @HttpCode(200)
  @ApiPost('v1/feedback/files', {
    summary: 'Create a training file from feedback',
    description:
      'Makes a file for POST /v1/fine_tuning/jobs of captures with feedback. `dpo`: a correction is preferred to the ' +
      'answer; without one, the best answer of a request to its worst. `supervised`: corrections, and answers weighted by their ' +
      'score; of text completions (kind `completion`) corrections, and answers with a thumb up or a score of 1.',
    type: MakeTrainingFileDto,
    examples: {
      'pairs for DPO': { method: 'dpo', model: 'my-alias' },
      'weighted answers': { method: 'supervised', metadata: 'team:support' },
      'text completions': { method: 'supervised', kind: 'completion' },
    },
  })
  @ApiResponse({
    status: 413,
    type: ErrorDto,
    description: 'The file, or all files of the key together, are too large.',
  })
  @ApiOkResponse({ type: TrainingFileDto, description: 'The file.' })
  async makeFile(@Body() body: MakeTrainingFileDto): Promise<TrainingFileDto> {
    const { method, kind = 'chat', filename = 'feedback.jsonl' } = body;
    const order = { method, kind, filename, filter: readCaptureFilter(body) };
    const { file, skipped } = await this.feedback.makeFile(order);
    return { file_id: file.id, filename: file.filename, rows: file.rows ?? 0, skipped };
  }
}

/** What is given, null included. */
function readJudgement({ thumb, score, correction, note }: Omit<GiveFeedbackDto, 'id' | 'choice'>): Judgement {
  const given = Object.entries({ thumb, score, correction, note }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
}
