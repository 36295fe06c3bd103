import { readEvents, endedEarly } from '../http/event-stream.js';
import { type CallOptions } from './futures.js';
import {
  type ChatChunk,
  type ChatCompletion,
  type ChatRequest,
  type CompletionRequest,
  type Schemas,
  type TextChunk,
  type TextCompletion,
} from '../schemas.js';
import { type Transport } from '../http/transport.js';

/** OpenAI's dialect: the routes under /v1 that sample. */
export class ChatCompletions {
  constructor(private readonly transport: Transport) {}

  async create(request: ChatRequest, { signal }: CallOptions = {}): Promise<ChatCompletion> {
    const { data } = await this.transport.routes.POST('/v1/chat/completions', {
      body: request,
      signal: signal ?? null,
      ...this.transport.with({ repeatable: true }),
    });
    return data as ChatCompletion;
  }

  /** Leaving the loop, or aborting, stops the generation. */
  async *stream(request: ChatRequest, { signal }: CallOptions = {}): AsyncGenerator<ChatChunk, void, undefined> {
    const { response } = await this.transport.routes.POST('/v1/chat/completions', {
      body: { ...request, stream: true },
      signal: signal ?? null,
      parseAs: 'stream',
      ...this.transport.with({ repeatable: true, streamed: true }),
    });
    yield* chunksOf<ChatChunk>(response);
  }
}

export class Completions {
  constructor(private readonly transport: Transport) {}

  async create(request: CompletionRequest, { signal }: CallOptions = {}): Promise<TextCompletion> {
    const { data } = await this.transport.routes.POST('/v1/completions', {
      body: request,
      signal: signal ?? null,
      ...this.transport.with({ repeatable: true }),
    });
    return data as TextCompletion;
  }

  /** Leaving the loop, or aborting, stops the generation. */
  async *stream(request: CompletionRequest, { signal }: CallOptions = {}): AsyncGenerator<TextChunk, void, undefined> {
    const { response } = await this.transport.routes.POST('/v1/completions', {
      body: { ...request, stream: true },
      signal: signal ?? null,
      parseAs: 'stream',
      ...this.transport.with({ repeatable: true, streamed: true }),
    });
    yield* chunksOf<TextChunk>(response);
  }
}

/** Base models and adapters, under the names that requests use. */
export class Models {
  constructor(private readonly transport: Transport) {}

  async list(): Promise<readonly Schemas['OpenAiModelDto'][]> {
    const { data } = await this.transport.routes.GET('/v1/models');
    return data?.data ?? [];
  }

  async get(model: string): Promise<Schemas['OpenAiModelDto']> {
    const { data } = await this.transport.routes.GET('/v1/models/{model}', { params: { path: { model } } });
    return data as Schemas['OpenAiModelDto'];
  }

  /** Deletes an adapter. */
  async delete(model: string): Promise<void> {
    await this.transport.routes.DELETE('/v1/models/{model}', { params: { path: { model } } });
  }
}

async function* chunksOf<Chunk>(response: Response): AsyncGenerator<Chunk, void, undefined> {
  for await (const { data } of readEvents(response)) {
    if (data === undefined) return;
    yield data as Chunk;
  }
  throw endedEarly();
}
