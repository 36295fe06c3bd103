/** HTTP clients of a release that remember what they sent, so that another version can be asked the same again. */

const TINKER = '/api/v1/';

/** What was sent to a release, and by whose key. */
export class Recorder {
  /** Requests with a future: `{ key, path, request_id }`, in the order in which they were accepted. */
  futures = [];
  /** Requests with a number of their client's, which the service must know again: `{ key, path, body, answer }`. */
  numbered = [];

  /** @param {Record<string, string>} keys API keys by the names of their clients */
  constructor(keys) {
    this.keys = keys;
  }

  /** The same clients at another process. */
  connect(url) {
    this.url = url;
  }

  client(key) {
    return new RecordingClient(this, key);
  }
}

class RecordingClient {
  constructor(recorder, key) {
    this.recorder = recorder;
    this.key = key;
  }

  async send(method, path, body) {
    const isTar = body instanceof Uint8Array;
    const answer = await fetch(this.recorder.url + path, {
      method,
      headers: {
        'X-API-Key': this.recorder.keys[this.key],
        ...(body !== undefined && { 'Content-Type': isTar ? 'application/x-tar' : 'application/json' }),
      },
      ...(body !== undefined && { body: isTar ? body : JSON.stringify(body) }),
    });
    const isJson = /json/.test(answer.headers.get('content-type') ?? '');
    return {
      status: answer.status,
      body: isJson ? await answer.json() : { bytes: (await answer.arrayBuffer()).byteLength },
    };
  }

  /** Throws where the answer is a refusal. */
  async ask(method, path, body) {
    const answer = await this.send(method, path, body);
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  get(path) {
    return this.ask('GET', path);
  }

  async post(path, body) {
    const answer = await this.ask('POST', path, body);
    if (Object.keys(body ?? {}).some((name) => /seq_id$/.test(name))) {
      this.recorder.numbered.push({ key: this.key, path, body, answer });
    }
    return answer;
  }

  /** Sends a request that has a future; resolves with its id. */
  async submit(path, body) {
    return this.remember(path, await this.post(path, body));
  }

  /** Deletes an adapter; its name and numbers can be used again. */
  async deleteAdapter(modelId) {
    const path = `/adapters/${modelId}`;
    this.recorder.numbered = this.recorder.numbered.filter(({ body }) => body.model_id !== modelId);
    return this.remember(path, await this.ask('DELETE', path));
  }

  remember(path, { request_id }) {
    if (request_id === undefined) throw new Error(`${path} gave no future`);
    this.recorder.futures.push({ key: this.key, path, request_id });
    return request_id;
  }

  /** Sends a request and waits for what becomes of it. */
  async settle(path, body) {
    return this.answerOf(await this.submit(path, body), path);
  }

  /** As settle(); throws where the request fails. */
  async run(path, body) {
    const answer = await this.settle(path, body);
    if (answer.status >= 400 || 'error' in answer.body) throw new Error(`${path}: ${JSON.stringify(answer)}`);
    return answer.body;
  }

  /** The settled answer of a future, in the dialect of the route that it came from. */
  async answerOf(request_id, path) {
    const [route, waiting] = path.startsWith(TINKER) ? [`${TINKER}retrieve_future`, 408] : ['/retrieve_future', 202];
    for (;;) {
      const answer = await this.send('POST', route, { request_id });
      if (answer.status !== waiting) return answer;
    }
  }
}
