/** What clients of the two APIs train: requests get the numbers of their client, in order. */
import { batch, tokensOf, weighted } from './batches.mjs';

const ADAM = { learning_rate: 0.02, weight_decay: 0.01, grad_clip_norm: 1 };

export const BASE_MODEL = 'small-model';

/** An adapter of the root routes. */
export class RootAdapter {
  constructor(client, modelId) {
    this.client = client;
    this.modelId = modelId;
    this.seq = 0;
  }

  create(lora_config) {
    return this.client.run('/adapters', { model_id: this.modelId, lora_config });
  }

  numbered(body = {}) {
    return { model_id: this.modelId, seq_id: ++this.seq, ...body };
  }

  /** Sends a request without waiting for it. */
  send(route, body) {
    return this.client.submit(`/${route}`, this.numbered(body));
  }

  do(route, body) {
    return this.client.run(`/${route}`, this.numbered(body));
  }

  pass(data, more = {}) {
    return this.do('fwdbwd', { data, ...more });
  }

  step() {
    return this.do('optim_step', { adam_params: ADAM });
  }

  async train(seed, steps) {
    for (let i = 0; i < steps; i++) {
      await this.pass(batch(seed + i, weighted));
      await this.step();
    }
  }
}

/** A model of the Tinker routes. */
export class TinkerModel {
  constructor(client, sessionId, modelSeq) {
    this.client = client;
    this.modelId = `${sessionId}:train:${modelSeq}`;
    this.seq = 0;
  }

  numbered(body = {}) {
    return { model_id: this.modelId, seq_id: ++this.seq, ...body };
  }

  /** Sends a request without waiting for it. */
  send(route, body) {
    return this.client.submit(`/api/v1/${route}`, this.numbered(body));
  }

  do(route, body) {
    return this.client.run(`/api/v1/${route}`, this.numbered(body));
  }

  /** `kind`: forward or forward_backward. */
  sendPass(kind, seed) {
    return this.send(kind, passInput(kind, seed));
  }

  async train(seed, steps) {
    for (let i = 0; i < steps; i++) {
      await this.do('forward_backward', passInput('forward_backward', seed + i));
      await this.do('optim_step', { adam_params: { learning_rate: 0.01 } });
    }
  }
}

const passInput = (kind, seed) => ({
  [`${kind}_input`]: { data: batch(seed, weighted), loss_fn: 'cross_entropy' },
});

/** A prompt of the Tinker routes. */
export const prompt = (seed) => ({ chunks: [{ type: 'encoded_text', tokens: tokensOf(seed, 5) }] });
