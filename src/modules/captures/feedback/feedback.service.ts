import { Injectable } from '@nestjs/common';
import { currentOwner } from '../../../common/caller.js';
import { InvalidRequestError } from '../../../common/errors/request.errors.js';
import { invalid } from '../../../common/json/json-fields.js';
import { type FileEntity, FilesService } from '../../files/index.js';
import { CapturesService } from '../captures.service.js';
import { type CaptureFeedbackEntity } from '../entities/capture-feedback.entity.js';
import { type CaptureFilter } from '../repositories/capture.repository.js';
import { FeedbackRepository, type Judgement } from '../repositories/feedback.repository.js';
import {
  chatRows,
  completionRows,
  type JudgedCapture,
  type RowKind,
  SKIP_REASONS,
  type SkipReason,
  type TrainingMethod,
} from './training-row.js';

export interface TrainingFileOrder {
  readonly method: TrainingMethod;
  readonly kind: RowKind;
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
   * @throws InvalidRequestError when none gives a row, or none can; what FilesService.store throws
   */
  async makeFile(order: TrainingFileOrder): Promise<MadeTrainingFile> {
    const { method, kind, filename } = order;
    if (method === 'dpo' && kind === 'completion') {
      const remedy = 'Pass "method": "supervised", or leave kind out.';
      throw invalid('kind', 'is "completion", but method dpo compares answers in conversations.', remedy);
    }
    const skipped = Object.fromEntries(SKIP_REASONS.map((reason) => [reason, 0])) as SkippedCaptures;
    const rows = this.trainingRows(order, skipped);
    const first = await rows.next();
    if (first.done === true) throw noRows(order, skipped);
    const content = jsonLines(first.value, rows);
    const file = await this.files.store({ owner: currentOwner(), filename, purpose: 'fine-tune', content });
    return { file, skipped };
  }

  private async *trainingRows(
    { method, kind, filter }: TrainingFileOrder,
    skipped: SkippedCaptures,
  ): AsyncGenerator<object, void, void> {
    const rowsOf = (capture: JudgedCapture) => (kind === 'chat' ? chatRows(method, capture) : completionRows(capture));
    for await (const { input, generated, feedback } of this.captures.all({ ...filter, hasFeedback: true })) {
      const answers = generated.sequences.map(({ text }) => text);
      const rows = rowsOf({ input, answers, feedback });
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

function noRows({ method, kind }: TrainingFileOrder, skipped: SkippedCaptures): InvalidRequestError {
  const count = Object.values(skipped).reduce((sum, one) => sum + one, 0);
  const wanted =
    method === 'dpo'
      ? 'a correction, or answers of one request with different scores'
      : `a correction, a thumb up or a score ${kind === 'chat' ? 'above 0' : 'of 1'}`;
  const texts =
    kind === 'chat' && skipped.not_a_conversation > 0
      ? ' For text completions, pass "method": "supervised" and "kind": "completion".'
      : '';
  const remedy = `Give feedback with POST /v1/feedback: ${wanted}.${texts}`;
  const message = `None of ${count} captures with feedback gives a row of training data. ${remedy}`;
  return new InvalidRequestError(message, { field: 'method', remedy, skipped });
}
