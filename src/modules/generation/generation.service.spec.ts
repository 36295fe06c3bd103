import { describe, expect, it } from 'vitest';
import { makeBaseModel } from '../../../test/support/service/api-base-model.js';
import { type OperationData } from '../../domain/operation-data.js';
import { type Accepted, FuturesService, type NewOperation, QueueFullError } from '../futures/index.js';
import { CapturesService } from '../captures/index.js';
import { GenerationService } from './generation.service.js';
import { type SamplingOrder } from './sampling-order.js';

/** A log with room for some requests, where the second one fails and no other ever ends by itself. */
class SmallLog extends FuturesService {
  readonly submitted: string[] = [];
  readonly cancelled: string[] = [];

  constructor(private readonly room: number) {
    const unused = undefined as never;
    super(unused, unused, unused, unused, unused, unused);
  }

  override async submit({ modelId }: NewOperation): Promise<Accepted> {
    if (this.submitted.length === this.room) throw new QueueFullError('key', this.room, this.room);
    const requestId = `future_${this.submitted.length}`;
    this.submitted.push(requestId);
    return { requestId, modelId };
  }

  override async result(requestId: string, signal: AbortSignal): Promise<OperationData | null> {
    if (requestId === 'future_1') throw new Error('the second one fails');
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return null;
  }

  override async cancel(requestId: string): Promise<void> {
    this.cancelled.push(requestId);
  }
}

class NoCaptures extends CapturesService {
  constructor() {
    super(undefined as never, undefined as never, undefined as never);
  }
}

const model = makeBaseModel();
const order = (tokens: number): SamplingOrder => ({
  source: { model, modelId: model.name, adapterId: null, checkpointId: null },
  prompt: new Int32Array(tokens).fill(97),
  count: 1,
  maxNewTokens: 1,
  settings: {},
  stop: { tokens: [], strings: [], endTokens: true },
  seed: null,
  wanted: { logprobs: false },
  stream: false,
  fields: { prompt: `prompt of ${tokens}`, maxNewTokens: 'max_tokens', topSampledTokens: 'logprobs' },
});

describe('requests that belong together', () => {
  it('are all checked before any is in the log', async () => {
    const log = new SmallLog(9);
    const sent = new GenerationService(log, new NoCaptures()).submitAll([order(1), order(2), order(99)]);
    await expect(sent).rejects.toMatchObject({ details: { field: 'prompt of 99' } });
    expect(log.submitted).toEqual([]);
  });

  it('are cancelled when one of them finds the queue full', async () => {
    const log = new SmallLog(2);
    const sent = new GenerationService(log, new NoCaptures()).submitAll([order(1), order(2), order(3)]);
    await expect(sent).rejects.toThrow(QueueFullError);
    expect(log.cancelled).toEqual(log.submitted);
    expect(log.submitted).toHaveLength(2);
  });

  it('are cancelled when one of them fails', async () => {
    const log = new SmallLog(9);
    const service = new GenerationService(log, new NoCaptures());
    const accepted = await service.submitAll([order(1), order(2), order(3)]);
    const results = service.results(accepted, new AbortController().signal);
    await expect(results).rejects.toThrow('the second one fails');
    await expect.poll(() => log.cancelled).toEqual(['future_0', 'future_2']);
  });
});
