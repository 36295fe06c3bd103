import { Injectable } from '@nestjs/common';
import { currentOwner } from '../../../common/caller.js';
import { InvalidRequestError } from '../../../common/errors/request.errors.js';
import { invalid } from '../../../common/json/json-fields.js';
import { type FileEntity, FilesService } from '../../files/index.js';
import { CapturesService } from '../captures.service.js';
import { type CaptureFeedbackEntity } from '../entities/capture-feedback.entity.js';
import { type CaptureFilter } from '../repositories/capture.repository.js';
import { FeedbackRepository, type Judgement } from '../repositories/feedback.repository.js';
import { type SkipReason, type TrainingMethod, trainingRows } from './training-row.js';

export interface TrainingFileOrder {
  readonly method: TrainingMethod;
  readonly filename: string;
  readonly filter: CaptureFilter;
}

export type SkippedCaptures = Record<SkipReason, number>;

export interface MadeTrainingFile {
  readonly file: FileEntity;
  readonly skipped: SkippedCaptures;
}

/** What people think of captured answers, and the training data that follows from it. */
@Injectable()
export class FeedbackService {
  constructor(
    private readonly captures: CapturesService,
    private readonly rows: FeedbackRepository,
    private readonly files: FilesService,
  ) {}

  /**
   * Judges one answer; what is not given stays as it was. `id`: of the answer or of its request.
   * @throws CaptureNotFoundError, InvalidRequestError
   */
  async give(id: string, choice: number, judgement: Judgement): Promise<CaptureFeedbackEntity> {
    if (Object.keys(judgement).length === 0) {
      const remedy = 'Pass at least one of thumb, score, correction and note.';
      throw new InvalidRequestError(`There is no feedback. ${remedy}`, { field: 'thumb', remedy });
    }
    const capture = await this.captures.get(id);
    const count = capture.generated.sequences.length;
    if (choice >= count)
      throw invalid('choice', `is ${choice}.`, `The request has ${count} answer(s); the first is 0.`);
    return this.rows.save(capture.id, choice, judgement);
  }

  /**
   * Makes a file of captures with feedback, for a fine-tuning job. Captures that give no row are counted, by the reason.
   * @throws InvalidRequestError when none gives a row; what FilesService.store throws
   */
  async makeFile({ method, filename, filter }: TrainingFileOrder): Promise<MadeTrainingFile> {
    const skipped: SkippedCaptures = { no_row: 0, not_a_conversation: 0, continued_answer: 0 };
    const rows = this.trainingRows(method, filter, skipped);
    const first = await rows.next();
    if (first.done === true) throw noRows(method, skipped);
    const content = jsonLines(first.value, rows);
    const file = await this.files.store({ owner: currentOwner(), filename, purpose: 'fine-tune', content });
    return { file, skipped };
  }

  private async *trainingRows(
    method: TrainingMethod,
    filter: CaptureFilter,
    skipped: SkippedCaptures,
  ): AsyncGenerator<object, void, void> {
    for await (const { input, generated, feedback } of this.captures.all({ ...filter, hasFeedback: true })) {
      const answers = generated.sequences.map(({ text }) => text);
      const rows = trainingRows(method, { input, answers, feedback });
      if (typeof rows === 'string') skipped[rows]++;
      else yield* rows;
    }
  }
}

async function* jsonLines(first: object, rest: AsyncIterable<object>): AsyncIterable<Uint8Array> {
  yield line(first);
  for await (const row of rest) yield line(row);
}

function line(row: object): Uint8Array {
  return Buffer.from(`${JSON.stringify(row)}\n`);
}

function noRows(method: TrainingMethod, skipped: SkippedCaptures): InvalidRequestError {
  const count = Object.values(skipped).reduce((sum, one) => sum + one, 0);
  const wanted =
    method === 'dpo'
      ? 'a correction, or answers of one request with different scores'
      : 'a correction, a thumb up or a score above 0';
  const remedy = `Give feedback with POST /v1/feedback: ${wanted}.`;
  const message = `None of ${count} captures with feedback gives a row of training data. ${remedy}`;
  return new InvalidRequestError(message, { field: 'method', remedy, skipped });
}
