import { endedEarly, readEvents } from '../http/event-stream.js';
import { type CallOptions, type Futures } from './futures.js';
import { type GenerateRequest, type GenerateResult, type StreamedResult, type TokenEvent } from '../schemas.js';
import { type Submissions } from './submissions.js';
import { type Transport } from '../http/transport.js';

/** Sampling through the service's own route. */
export class Generation {
  constructor(
    private readonly transport: Transport,
    private readonly submissions: Submissions,
    private readonly futures: Futures,
  ) {}

  /** Samples completions, after the operations that were sent to the adapter before. */
  generate(request: GenerateRequest, options?: CallOptions): Promise<GenerateResult> {
    const send = async () => {
      const body = { ...request, async: true };
      const { data } = await this.transport.routes.POST('/generate', {
        body,
        ...this.transport.with({ repeatable: true }),
      });
      return data as StreamedResult;
    };
    return this.futures.run<GenerateResult>(laneOf(request), send, options);
  }

  /** Yields the tokens with their texts while they are sampled, and returns the whole result. */
  async *stream(
    request: GenerateRequest,
    { signal }: CallOptions = {},
  ): AsyncGenerator<TokenEvent, StreamedResult, undefined> {
    const { response } = await this.submissions.submit(laneOf(request), () =>
      this.transport.routes.POST('/generate', {
        body: { ...request, stream: true },
        signal: signal ?? null,
        parseAs: 'stream',
        ...this.transport.with({ repeatable: true, streamed: true }),
      }),
    );
    for await (const { event, data } of readEvents(response)) {
      if (event === 'done') return data as StreamedResult;
      yield data as TokenEvent;
    }
    throw endedEarly();
  }
}

/** Samples of base models wait for nothing: each has a lane of its own. */
function laneOf({ model_id: modelId }: GenerateRequest): string {
  return modelId ?? `base ${Math.random()}`;
}
