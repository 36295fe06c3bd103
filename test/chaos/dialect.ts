import { AdapterRoutes } from './adapter-routes.js';
import { type Json, type RetryingClient } from './retrying-client.js';
import { type PlannedOperation } from './training-plan.js';

/** Rewinds name a request, and go to the adapter routes. */
export type DialectOperation = Exclude<PlannedOperation, { kind: 'rewind' }>;

/** One of the service's two APIs, as a client of one adapter uses it. */
export abstract class Dialect {
  /** The adapter's name; known after begin(). */
  abstract readonly modelId: string;
  readonly adapters: AdapterRoutes;

  constructor(protected readonly client: RetryingClient) {
    this.adapters = new AdapterRoutes(client);
  }

  abstract begin(): Promise<void>;
  /** Submits an operation; resolves with the id of its future. */
  abstract submit(operation: DialectOperation, seqId: number): Promise<string>;
  /** Waits for the answer. An operation that failed is answered with { failed }. */
  abstract result(requestId: string): Promise<Json>;

  /** Of another adapter, which is there already: a fork or an import. */
  ofBranch(modelId: string): Dialect {
    return new RootDialect(this.client, modelId, null);
  }

  /** Whether an operation has a number by which the server knows a repeat. */
  isNumbered({ kind }: PlannedOperation): boolean {
    return kind !== 'sample' && kind !== 'unload';
  }
}

/** So much that two adapters take more than the least memory that a worker can be given, 1 MB. */
const RANK = 16;
const SAMPLING = { count: 2, maxTokens: 16 };

/** The service's own routes; with LoRA dropout, which the other API does not have. */
export class RootDialect extends Dialect {
  constructor(
    client: RetryingClient,
    readonly modelId: string,
    /** null: it is there already, with a shape of its own. */
    private readonly loraSeed: number | null,
  ) {
    super(client);
  }

  override async begin(): Promise<void> {
    // The first forward_backward makes the adapter.
  }

  override submit(operation: DialectOperation, seqId: number): Promise<string> {
    const model_id = this.modelId;
    const numbered = { model_id, seq_id: seqId };
    switch (operation.kind) {
      case 'forward':
        return this.client.submit('/fwd', { ...numbered, data: operation.datums.map(toWireDatum) });
      case 'forward_backward': {
        const data = operation.datums.map(toWireDatum);
        return this.client.submit('/fwdbwd', { ...numbered, ...this.loraConfig(), data });
      }
      case 'optim_step':
        return this.client.submit('/optim_step', {
          ...numbered,
          adam_params: { learning_rate: operation.learningRate, weight_decay: 0.01 },
        });
      case 'save_weights':
      case 'save_weights_for_sampler':
        return this.client.submit(`/${operation.kind}`, { ...numbered, name: operation.name });
      case 'load_weights':
        return this.client.submit('/load_weights', {
          ...numbered,
          name: operation.name,
          optimizer: operation.optimizer,
        });
      case 'unload':
        return this.client.submit('/api/v1/unload_model', { model_id });
      case 'sample': {
        const { snapshot, prompt: tokens, seed } = operation;
        return this.client.submit('/generate', {
          model_id: snapshot === null ? model_id : `tinker://${model_id}/sampler_weights/${snapshot}`,
          tokens,
          seed,
          n: SAMPLING.count,
          max_new_tokens: SAMPLING.maxTokens,
          logprobs: true,
          async: true,
        });
      }
    }
  }

  override result(requestId: string): Promise<Json> {
    return this.client.poll('/retrieve_future', { request_id: requestId, wait_ms: 10_000 }, ({ status, body }) => {
      if (status === 200) return body;
      const error = body['error'] as { code?: string; details?: { status?: string } } | undefined;
      return error?.details?.status === 'failed' ? { failed: error } : null;
    });
  }

  private loraConfig(): Json {
    if (this.loraSeed === null) return {};
    const shape = { rank: RANK, alpha: 2 * RANK, dropout: 0.1, target_modules: 'all-linear' };
    return { lora_config: { ...shape, seed: this.loraSeed } };
  }
}

/** The routes that the Tinker SDK uses, in JSON. */
export class TinkerDialect extends Dialect {
  modelId = '';
  private sessionId = '';
  private samplers = 0;

  constructor(
    client: RetryingClient,
    private readonly baseModel: string,
    private readonly loraSeed: number,
  ) {
    super(client);
  }

  override async begin(): Promise<void> {
    const { session_id } = await this.client.post('/api/v1/create_session', { tags: [], sdk_version: 'chaos' });
    this.sessionId = String(session_id);
    this.modelId = `${this.sessionId}:train:0`;
    await this.client.submit('/api/v1/create_model', {
      session_id: this.sessionId,
      model_seq_id: 0,
      base_model: this.baseModel,
      lora_config: { rank: RANK, seed: this.loraSeed, train_unembed: false },
    });
  }

  override async submit(operation: DialectOperation, seqId: number): Promise<string> {
    const model_id = this.modelId;
    const numbered = { model_id, seq_id: seqId };
    switch (operation.kind) {
      case 'forward':
      case 'forward_backward': {
        const input = { data: operation.datums.map(toWireDatum), loss_fn: 'cross_entropy' };
        return this.client.submit(`/api/v1/${operation.kind}`, { ...numbered, [`${operation.kind}_input`]: input });
      }
      case 'optim_step': {
        const adam_params = { learning_rate: operation.learningRate };
        return this.client.submit('/api/v1/optim_step', { ...numbered, adam_params });
      }
      case 'save_weights':
      case 'save_weights_for_sampler':
        return this.client.submit(`/api/v1/${operation.kind}`, { ...numbered, path: operation.name });
      case 'load_weights': {
        const { name, optimizer } = operation;
        const path = `tinker://${model_id}/weights/${name}`;
        return this.client.submit('/api/v1/load_weights', { ...numbered, path, optimizer });
      }
      case 'unload':
        return this.client.submit('/api/v1/unload_model', { model_id });
      case 'sample':
        return this.sample(operation);
    }
  }

  override result(requestId: string): Promise<Json> {
    return this.client.poll('/api/v1/retrieve_future', { request_id: requestId }, ({ status, body }) => {
      if (status !== 200) return null;
      return 'error' in body ? { failed: body } : body;
    });
  }

  /** A sampling session of its own for every request: a repeat of either finds the first. */
  private async sample({ snapshot, prompt, seed }: PlannedOperation & { kind: 'sample' }): Promise<string> {
    const { sampling_session_id } = await this.client.post('/api/v1/create_sampling_session', {
      session_id: this.sessionId,
      sampling_session_seq_id: this.samplers++,
      ...(snapshot === null
        ? { base_model: this.baseModel }
        : { model_path: `tinker://${this.modelId}/sampler_weights/${snapshot}` }),
    });
    return this.client.submit('/api/v1/asample', {
      sampling_session_id,
      seq_id: 0,
      num_samples: SAMPLING.count,
      prompt: { chunks: [{ type: 'encoded_text', tokens: prompt }] },
      sampling_params: { max_tokens: SAMPLING.maxTokens, seed, temperature: 1, top_k: -1, top_p: 1 },
    });
  }
}

function toWireDatum({ tokens, targets, weights }: { tokens: unknown; targets: readonly number[]; weights: unknown }) {
  return {
    model_input: { chunks: [{ type: 'encoded_text', tokens }] },
    loss_fn_inputs: {
      target_tokens: { data: targets, dtype: 'int64', shape: [targets.length] },
      weights: { data: weights, dtype: 'float32', shape: [targets.length] },
    },
  };
}
