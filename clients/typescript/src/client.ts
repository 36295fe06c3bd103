import { AdapterHandle } from './resources/adapter.js';
import { Adapters } from './resources/adapters.js';
import { Files } from './resources/files.js';
import { type CallOptions, Futures } from './resources/futures.js';
import { Generation } from './resources/generation.js';
import { Jobs } from './resources/jobs.js';
import { ChatCompletions, Completions, Models } from './resources/openai.js';
import {
  type Capabilities,
  type GenerateRequest,
  type GenerateResult,
  type Liveness,
  type LossFunctions,
  type Readiness,
  type StreamedResult,
  type TokenEvent,
} from './schemas.js';
import { SequenceIds, Submissions } from './resources/submissions.js';
import { type ConnectionOptions, Transport } from './http/transport.js';

/** A Thinker server. */
export class ThinkerClient {
  readonly adapters: Adapters;
  readonly futures: Futures;
  readonly chat: ChatCompletions;
  readonly completions: Completions;
  readonly models: Models;
  readonly files: Files;
  readonly jobs: Jobs;
  private readonly transport: Transport;
  private readonly generation: Generation;
  private readonly sequence = new SequenceIds();

  constructor(options: ConnectionOptions = {}) {
    const submissions = new Submissions();
    this.transport = new Transport(options);
    this.futures = new Futures(this.transport, submissions);
    this.generation = new Generation(this.transport, submissions, this.futures);
    this.adapters = new Adapters(this.transport);
    this.chat = new ChatCompletions(this.transport);
    this.completions = new Completions(this.transport);
    this.models = new Models(this.transport);
    this.files = new Files(this.transport);
    this.jobs = new Jobs(this.transport);
  }

  /** An adapter by its name; nothing is sent. */
  adapter(name: string): AdapterHandle {
    const { transport, futures, generation, sequence } = this;
    return new AdapterHandle(name, { transport, futures, generation, sequence });
  }

  /** Samples from any model: an adapter, sampler weights, or the base model without a `model_id`. */
  generate(request: GenerateRequest, options?: CallOptions): Promise<GenerateResult> {
    return this.generation.generate(request, options);
  }

  /** Yields the tokens with their texts while they are sampled, and returns the whole result. */
  stream(request: GenerateRequest, options?: CallOptions): AsyncGenerator<TokenEvent, StreamedResult, undefined> {
    return this.generation.stream(request, options);
  }

  /** Base models and limits. */
  async capabilities(): Promise<Capabilities> {
    const { data } = await this.routes.GET('/get_server_capabilities');
    return data as Capabilities;
  }

  /** Whether the server responds, and its version. */
  async health(): Promise<Liveness> {
    const { data } = await this.routes.GET('/healthz');
    return data as Liveness;
  }

  /** Whether requests can be computed, and if not, what is missing. */
  async readiness(): Promise<Readiness> {
    const { data, error } = await this.routes.GET('/readyz', this.transport.with({ accepted: 503 }));
    return data ?? error;
  }

  async lossFunctions(): Promise<LossFunctions> {
    const { data } = await this.routes.GET('/loss_functions');
    return data as LossFunctions;
  }

  /** Every route of the server with its types, for what has no method here. Refusals are thrown as errors. */
  get routes(): Transport['routes'] {
    return this.transport.routes;
  }
}
