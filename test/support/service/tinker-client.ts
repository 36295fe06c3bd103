/** The Tinker API in plain JSON, as far as tests need it. */
export interface TinkerAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const TOKENS = [5, 6, 7];

export class TinkerClient {
  sessionId = '';

  constructor(
    private readonly url: string,
    private readonly key: string | undefined,
  ) {}

  async begin(session: object = {}): Promise<void> {
    const known = { tags: [], sdk_version: 'test', newer_field: 1 };
    const { body } = await this.post('create_session', { ...known, ...session });
    this.sessionId = String(body['session_id']);
  }

  async send(method: string, path: string, body?: object, headers: object = {}): Promise<TinkerAnswer> {
    const answer = await fetch(`${this.url}/api/v1/${path}`, {
      method,
      headers: {
        'Content-Type': 'application/json',
        ...(this.key === undefined ? {} : { 'X-API-Key': this.key }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
  }

  post(path: string, body?: object): Promise<TinkerAnswer> {
    return this.send('POST', path, body);
  }

  get(path: string): Promise<TinkerAnswer> {
    return this.send('GET', path);
  }

  /** Submits a request and waits for what becomes of it. */
  async settled(path: string, body: object): Promise<TinkerAnswer> {
    const accepted = await this.post(path, body);
    if (accepted.status !== 200) throw new Error(`${path} was refused: ${JSON.stringify(accepted.body)}`);
    return this.retrieved(accepted);
  }

  /** What becomes of a request, however often it has to be asked for. */
  async retrieved({ body }: TinkerAnswer): Promise<TinkerAnswer> {
    for (;;) {
      const answer = await this.post('retrieve_future', { request_id: body['request_id'], allow_metadata_only: true });
      if (answer.status !== 408) return answer;
    }
  }

  /** The model's id and the id of the request. */
  async createModel(seq: number): Promise<[string, string]> {
    const lora_config = { rank: 4, train_unembed: false, train_mlp: true, train_attn: true };
    const request = { session_id: this.sessionId, model_seq_id: seq, base_model: 'tiny-chat', lora_config };
    const { body } = await this.post('create_model', request);
    return [`${this.sessionId}:train:${seq}`, String(body['request_id'])];
  }

  forward(modelId: string, seq: number, targets = [6, 7, 8], input = 'forward_backward_input') {
    const datum = {
      model_input: { chunks: [{ type: 'encoded_text', tokens: TOKENS }] },
      loss_fn_inputs: { target_tokens: { data: targets, dtype: 'int64', shape: [3] } },
    };
    return { model_id: modelId, seq_id: seq, [input]: { data: [datum], loss_fn: 'cross_entropy' } };
  }

  baseSampler(seq: number) {
    return { session_id: this.sessionId, sampling_session_seq_id: seq, base_model: 'tiny-chat' };
  }

  sample(samplingSessionId: string, seq: number) {
    return {
      sampling_session_id: samplingSessionId,
      seq_id: seq,
      num_samples: 1,
      prompt: { chunks: [{ type: 'encoded_text', tokens: TOKENS }] },
      sampling_params: { max_tokens: 3, temperature: 1, top_k: -1, top_p: 1 },
    };
  }
}
