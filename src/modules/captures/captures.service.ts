import { Injectable, Logger } from '@nestjs/common';
import { currentOwner } from '../../common/caller.js';
import { decodeOperationData } from '../../formats/operation-data.codec.js';
import { decodeGenerated, type Generated } from '../../operations/payloads/generate-result.js';
import { CaptureSettingsService } from './capture-settings.service.js';
import { type CapturedInput, type NewCapture } from './captured-request.js';
import { requestIdOf } from './completion-id.js';
import { type CaptureFeedbackEntity } from './entities/capture-feedback.entity.js';
import { type CaptureEntity } from './entities/capture.entity.js';
import { CaptureNotFoundError } from './errors/capture.errors.js';
import { type CaptureFilter, CaptureRepository } from './repositories/capture.repository.js';
import { FeedbackRepository } from './repositories/feedback.repository.js';

/** A completed sampling request as it is kept. */
export interface Capture extends Pick<CaptureEntity, 'id' | 'model' | 'baseModel' | 'metadata' | 'createdAt'> {
  readonly input: CapturedInput;
  readonly prompt: Int32Array;
  readonly generated: Generated;
  readonly feedback: readonly CaptureFeedbackEntity[];
}

export interface CapturePage {
  readonly captures: readonly Capture[];
  /** Where the next page begins; null on the last one. */
  readonly nextCursor: string | null;
}

/** Captures are decoded page by page: their tokens take room. */
const PAGE = 100;

/** Keeps sampling requests of callers who have asked for it. To keep one never makes the request itself fail. */
@Injectable()
export class CapturesService {
  private readonly logger = new Logger(CapturesService.name);

  constructor(
    private readonly rows: CaptureRepository,
    private readonly settings: CaptureSettingsService,
    private readonly feedback: FeedbackRepository,
  ) {}

  isEnabled(): Promise<boolean> {
    return this.settings.isEnabled();
  }

  /** A request has been accepted. */
  async begin({ requestId, prompt, input, ...capture }: NewCapture): Promise<void> {
    const owner = currentOwner();
    const row = { ...capture, id: requestId, owner, input: JSON.stringify(input), prompt: tokenBytes(prompt) };
    await this.rows.insert(row).catch((error: unknown) => this.warn(requestId, error));
  }

  /** A request has completed. What is missed here, CaptureMaintenance makes up for. */
  async complete(requestId: string): Promise<void> {
    await this.rows.complete(requestId).catch((error: unknown) => this.warn(requestId, error));
  }

  /** `id`: of the request, or of the answer in any dialect. @throws CaptureNotFoundError */
  async get(id: string, field = 'id'): Promise<Capture> {
    const requestId = requestIdOf(id);
    const row = requestId === null ? null : await this.rows.find(currentOwner(), requestId);
    const [capture] = row ? await this.withFeedback([row]) : [];
    if (capture) return capture;
    throw new CaptureNotFoundError(id, field);
  }

  /** Newest first, those before `cursor` where it is given. */
  async list(filter: CaptureFilter, limit: number, cursor?: string): Promise<CapturePage> {
    const page = { after: cursor, limit: limit + 1, order: 'DESC' as const };
    const found = await this.rows.findPage(currentOwner(), filter, page);
    const captures = await this.withFeedback(found.slice(0, limit));
    return { captures, nextCursor: found.length > limit ? (captures.at(-1)?.id ?? null) : null };
  }

  /** All that a filter selects, oldest first, a page in memory at a time. */
  async *all(filter: CaptureFilter): AsyncIterable<Capture> {
    const owner = currentOwner();
    let after: string | undefined;
    let page: CaptureEntity[];
    do {
      page = await this.rows.findPage(owner, filter, { after, limit: PAGE, order: 'ASC' });
      yield* await this.withFeedback(page);
      after = page.at(-1)?.id;
    } while (page.length === PAGE);
  }

  /** @throws CaptureNotFoundError */
  async delete(id: string): Promise<void> {
    const requestId = requestIdOf(id);
    if (requestId === null || !(await this.rows.delete(currentOwner(), requestId))) {
      throw new CaptureNotFoundError(id, 'id');
    }
  }

  private async withFeedback(rows: readonly CaptureEntity[]): Promise<Capture[]> {
    const feedback = rows.length === 0 ? [] : await this.feedback.findOf(rows.map(({ id }) => id));
    return rows.map((row) =>
      toCapture(
        row,
        feedback.filter(({ captureId }) => captureId === row.id),
      ),
    );
  }

  private warn(requestId: string, error: unknown): void {
    this.logger.warn(`Could not capture ${requestId}: ${String(error)}`);
  }
}

function toCapture(
  { result, prompt, input, ...row }: CaptureEntity,
  feedback: readonly CaptureFeedbackEntity[],
): Capture {
  if (result === null) throw new TypeError(`Capture ${row.id} has no result.`);
  return {
    ...row,
    input: JSON.parse(input) as CapturedInput,
    prompt: readTokens(prompt),
    generated: decodeGenerated(decodeOperationData(result)),
    feedback,
  };
}

function tokenBytes(tokens: Int32Array): Buffer {
  const bytes = Buffer.alloc(tokens.length * 4);
  tokens.forEach((token, i) => bytes.writeInt32LE(token, i * 4));
  return bytes;
}

function readTokens(bytes: Buffer): Int32Array {
  return Int32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readInt32LE(i * 4));
}
