import { type CallOptions, type Futures } from './futures.js';
import { type Generation } from './generation.js';
import { pagesOf } from '../http/pages.js';
import {
  type Accepted,
  type Adapter,
  type AdapterGenerateRequest,
  type Checkpoint,
  type ExportQuery,
  type ForkedAdapter,
  type ForkRequest,
  type ForwardRequest,
  type ForwardResult,
  type GenerateResult,
  type HistoryEntry,
  type LoadRequest,
  type LoadResult,
  type OptimStepRequest,
  type OptimStepResult,
  type Pushed,
  type PushRequest,
  type RewindRequest,
  type RewindResult,
  type SaveForSamplerRequest,
  type SaveRequest,
  type SaveResult,
  type StreamedResult,
  type TokenEvent,
} from '../schemas.js';
import { type SequenceIds } from './submissions.js';
import { type Transport } from '../http/transport.js';

/** What an adapter needs of the client. */
export interface AdapterContext {
  readonly transport: Transport;
  readonly futures: Futures;
  readonly generation: Generation;
  readonly sequence: SequenceIds;
}

/**
 * One adapter on the server. Every call is sent at once, in the order of the calls, and resolves with its result, so
 * `forwardBackward` and `optimStep` may be called without waiting for the one before. A repeat after a lost connection
 * never trains twice.
 */
export class AdapterHandle {
  constructor(
    readonly name: string,
    private readonly context: AdapterContext,
  ) {}

  /** Computes a loss, without gradients. */
  forward(request: ForwardRequest, options?: CallOptions): Promise<ForwardResult> {
    return this.run('/fwd', request, options);
  }

  /** Computes a loss, and adds its gradients to those that the next `optimStep` applies. */
  forwardBackward(request: ForwardRequest, options?: CallOptions): Promise<ForwardResult> {
    return this.run('/fwdbwd', request, options);
  }

  /** Applies the gradients. */
  optimStep(request: OptimStepRequest = {}, options?: CallOptions): Promise<OptimStepResult> {
    return this.run('/optim_step', request, options);
  }

  /** Saves weights and optimiser state under a name. */
  save(request: SaveRequest, options?: CallOptions): Promise<SaveResult> {
    return this.run('/save_weights', request, options);
  }

  /** Saves an immutable copy of the weights to sample from: its `path` is a model name. */
  saveForSampler(request: SaveForSamplerRequest = {}, options?: CallOptions): Promise<SaveResult> {
    return this.run('/save_weights_for_sampler', request, options);
  }

  /** Loads a checkpoint, of this adapter or another one. */
  load(request: LoadRequest, options?: CallOptions): Promise<LoadResult> {
    return this.run('/load_weights', request, options);
  }

  generate(request: AdapterGenerateRequest, options?: CallOptions): Promise<GenerateResult> {
    return this.context.generation.generate({ ...request, model_id: this.name }, options);
  }

  /** Yields the tokens with their texts while they are sampled, and returns the whole result. */
  stream(
    request: AdapterGenerateRequest,
    options?: CallOptions,
  ): AsyncGenerator<TokenEvent, StreamedResult, undefined> {
    return this.context.generation.stream({ ...request, model_id: this.name }, options);
  }

  /** Returns to the state after an earlier step. */
  rewind(request: RewindRequest, options?: CallOptions): Promise<RewindResult> {
    const { routes } = this.context.transport;
    const body = { ...request, seq_id: this.context.sequence.next() };
    const send = async () => {
      const { data } = await routes.POST('/adapters/{model_id}/rewind', { ...this.path, body, ...this.repeatable });
      return data as Accepted;
    };
    return this.context.futures.run(this.name, send, options);
  }

  /** Creates another adapter from the state that this one has, or had after a step. */
  async fork(request: ForkRequest = {}): Promise<ForkedAdapter> {
    const { data } = await this.routes.POST('/adapters/{model_id}/fork', { ...this.path, body: request });
    return data as ForkedAdapter;
  }

  async info(): Promise<Adapter> {
    const { data } = await this.routes.GET('/adapters/{model_id}', this.path);
    return data as Adapter;
  }

  /** Operations that changed the adapter, newest first. */
  history(): AsyncGenerator<HistoryEntry, void, undefined> {
    return pagesOf(async (cursor?: number) => {
      const params = { ...this.path.params, query: { cursor } };
      const { data } = await this.routes.GET('/adapters/{model_id}/history', { params });
      return { items: data?.entries ?? [], next: data?.next_cursor };
    });
  }

  /** Oldest first. */
  async checkpoints(): Promise<readonly Checkpoint[]> {
    const { data } = await this.routes.GET('/adapters/{model_id}/checkpoints', this.path);
    return data?.checkpoints ?? [];
  }

  /** A tar archive as a stream of bytes; by default with the files of PEFT. */
  async export({ signal, ...query }: ExportQuery & CallOptions = {}): Promise<ReadableStream<Uint8Array>> {
    const { data } = await this.routes.GET('/adapters/{model_id}/export', {
      params: { ...this.path.params, query },
      parseAs: 'stream',
      signal: signal ?? null,
      ...this.context.transport.with({ streamed: true }),
    });
    return data as ReadableStream<Uint8Array>;
  }

  /** Exports the adapter to a repository of the Hugging Face hub; returns when the commit is made. */
  async push({ signal, ...body }: PushRequest & CallOptions): Promise<Pushed> {
    const { data } = await this.routes.POST('/adapters/{model_id}/push', {
      ...this.path,
      body,
      signal: signal ?? null,
    });
    return data as Pushed;
  }

  /** Deletes the adapter with its weights and checkpoints. */
  async delete(): Promise<void> {
    await this.routes.DELETE('/adapters/{model_id}', this.path);
  }

  private get routes() {
    return this.context.transport.routes;
  }

  private get path() {
    return { params: { path: { model_id: this.name } } };
  }

  private get repeatable() {
    return this.context.transport.with({ repeatable: true });
  }

  private run<Result extends ForwardResult | OptimStepResult | SaveResult | LoadResult>(
    route: '/fwd' | '/fwdbwd' | '/optim_step' | '/save_weights' | '/save_weights_for_sampler' | '/load_weights',
    request: object,
    options?: CallOptions,
  ): Promise<Result> {
    const body = { ...request, model_id: this.name, seq_id: this.context.sequence.next() };
    const send = async () => {
      const { data } = await this.routes.POST(route, { body: body as never, ...this.repeatable });
      return data as Accepted;
    };
    return this.context.futures.run<Result>(this.name, send, options);
  }
}
