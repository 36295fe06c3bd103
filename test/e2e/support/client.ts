/** An answer of the service. */
export interface Answer<T = Record<string, unknown>> {
  readonly status: number;
  readonly body: T;
}

export interface ErrorAnswer {
  readonly error: {
    readonly code: string;
    readonly category: string;
    readonly message: string;
    readonly details?: { readonly field?: string; readonly remedy?: string; readonly request_id?: string };
  };
  readonly status_code: number;
}

export interface AcceptedAnswer {
  readonly request_id: string;
  readonly model_id: string;
  readonly path?: string;
}

export interface ForwardAnswer {
  readonly status: string;
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly num_samples: number;
  readonly loss_fn_outputs: readonly {
    readonly logprobs: { readonly data: readonly (number | null)[]; readonly dtype: string; readonly shape: number[] };
  }[];
}

export interface OptimAnswer {
  readonly metrics: Readonly<Record<string, number>>;
}

export interface GenerateAnswer {
  readonly request_id: string;
  readonly model_id: string;
  readonly text: string;
  readonly seed: number;
  readonly sequences: readonly {
    readonly text: string;
    readonly tokens: readonly number[];
    readonly logprobs?: readonly number[];
    readonly stop_reason: string;
  }[];
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
}

export interface AdapterAnswer {
  readonly model_id: string;
  readonly trainable_params: number;
  readonly has_gradients: boolean;
  readonly base_model: string;
  readonly rank: number;
  readonly alpha: number;
  readonly step: number;
  readonly status: string;
  readonly diverged_at_step: number | null;
  readonly lora_config: Readonly<Record<string, unknown>>;
}

/** A client as anybody would write it: HTTP and JSON. */
export class ApiClient {
  constructor(
    readonly url: string,
    private readonly key?: string,
  ) {}

  get<T = Record<string, unknown>>(path: string): Promise<Answer<T>> {
    return this.request<T>('GET', path);
  }

  post<T = Record<string, unknown>>(path: string, body: unknown): Promise<Answer<T>> {
    return this.request<T>('POST', path, body);
  }

  put<T = Record<string, unknown>>(path: string, body: unknown): Promise<Answer<T>> {
    return this.request<T>('PUT', path, body);
  }

  delete<T = Record<string, unknown>>(path: string): Promise<Answer<T>> {
    return this.request<T>('DELETE', path);
  }

  /** Submits and waits for the result; throws when the submission or the operation fails. */
  async run<T>(path: string, body: unknown): Promise<T> {
    const accepted = await this.post<AcceptedAnswer>(path, body);
    if (accepted.status !== 200) throw new Error(`POST ${path}: ${accepted.status} ${JSON.stringify(accepted.body)}`);
    const answer = await this.retrieve<T>(accepted.body.request_id);
    if (answer.status !== 200) throw new Error(`POST ${path}, then: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** The settled answer of a future, whatever it is. */
  async retrieve<T>(requestId: string): Promise<Answer<T>> {
    for (;;) {
      const answer = await this.post<T>('/retrieve_future', { request_id: requestId });
      if (answer.status !== 202) return answer;
    }
  }

  forwardBackward(body: Record<string, unknown>): Promise<ForwardAnswer> {
    return this.run('/fwdbwd', body);
  }

  optimStep(modelId: string, learningRate = 0.01): Promise<OptimAnswer> {
    return this.run('/optim_step', { model_id: modelId, adam_params: { learning_rate: learningRate } });
  }

  async generate(body: Record<string, unknown>): Promise<GenerateAnswer> {
    const answer = await this.post<GenerateAnswer>('/generate', body);
    if (answer.status !== 200) throw new Error(`POST /generate: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  private async request<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(this.key !== undefined && { 'X-API-Key': this.key }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as T };
  }
}
