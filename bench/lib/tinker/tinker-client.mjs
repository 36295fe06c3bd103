/** The Tinker API over plain HTTP, with Node's fetch and nothing between. */
const HEADERS = { 'content-type': 'application/json', 'X-API-Key': 'tml-bench' };

export class TinkerClient {
  #root;

  constructor(url) {
    this.#root = `${url}/api/v1`;
  }

  /** A request that does nothing but come and go. */
  async noWork() {
    const response = await fetch(`${this.#root}/healthz`, { headers: HEADERS });
    await response.arrayBuffer();
  }

  /** Resolves with { status, answer }. */
  async post(route, body) {
    const response = await fetch(`${this.#root}/${route}`, {
      method: 'POST',
      headers: HEADERS,
      body: JSON.stringify(body),
    });
    return { status: response.status, answer: await response.json() };
  }

  /** Resolves with the id of what was accepted. */
  async submit(route, body) {
    const { answer } = await this.post(route, body);
    if (!answer.request_id) throw new Error(`${route}: ${JSON.stringify(answer)}`);
    return answer.request_id;
  }

  /** Waits as the SDK does: asks again after each 408. Resolves with the result, or with { error }. */
  async retrieve(requestId) {
    for (;;) {
      const { status, answer } = await this.post('retrieve_future', { request_id: requestId });
      if (status === 200) return answer;
      if (status !== 408) throw new Error(`retrieve_future: ${status} ${JSON.stringify(answer)}`);
    }
  }

  async createSession() {
    const { answer } = await this.post('create_session', { tags: [], sdk_version: '0.38.0' });
    return answer.session_id;
  }

  /** Asks for a LoRA adapter; resolves with its id and the request that makes it. */
  async createModel(baseModel) {
    const session_id = await this.createSession();
    const lora_config = { rank: 8, train_attn: true, train_mlp: true, train_unembed: true };
    const body = { session_id, model_seq_id: 0, base_model: baseModel, lora_config };
    const requestId = await this.submit('create_model', body);
    return { modelId: `${session_id}:train:0`, requestId };
  }
}
