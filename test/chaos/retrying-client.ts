import { pause } from '../support/pause.js';

export type Json = Readonly<Record<string, unknown>>;

const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 1000;
/** Longer than any chain of faults keeps a request from its answer. */
const GIVE_UP_MS = 120_000;
const ATTEMPT_MS = 30_000;

interface Reply {
  readonly status: number;
  readonly body: Json;
}

/**
 * Sends requests as the SDK does: what got no answer, or one that says "later" (408, 429, 5xx), is sent again, the same
 * bytes to the same address, until it is answered.
 */
export class RetryingClient {
  /** Requests that were answered with an id, and how often one had to be sent again. */
  accepted = 0;
  repeated = 0;
  private acceptance: (() => void)[] = [];

  constructor(readonly url: string) {}

  /** Resolves as soon as the next request has been accepted. */
  nextAcceptance(): Promise<void> {
    return new Promise((resolve) => this.acceptance.push(resolve));
  }

  /** Submits an operation; resolves with the id of its future. */
  async submit(path: string, body: Json): Promise<string> {
    return this.accept(path, await this.post(path, body));
  }

  /**
   * The same for what is refused with `refusal` when it is there already: on a repeat that means that an earlier try was
   * accepted and its answer lost; then null.
   */
  async submitOnce(path: string, message: RequestInit, refusal: number): Promise<string | null> {
    let tries = 0;
    const answer = await this.insist(`${message.method} ${path}`, async () => {
      tries++;
      const reply = await this.send(path, message);
      return tries > 1 && reply.status === refusal ? 'accepted before' : settledBody(path, reply);
    });
    return answer === 'accepted before' ? null : this.accept(path, answer);
  }

  /** @throws when the request is refused */
  async post(path: string, body: Json): Promise<Json> {
    return this.insist(`POST ${path}`, async () => settledBody(path, await this.send(path, toMessage(body))));
  }

  /** Polls until `read` finds the answer in a reply; it gives null for "ask again". */
  async poll(path: string, body: Json, read: (reply: Reply) => Json | null): Promise<Json> {
    return this.insist(`POST ${path} ${JSON.stringify(body)}`, async () =>
      read(await this.send(path, toMessage(body))),
    );
  }

  /** Asks until `read` finds what it looks for. */
  async look<T>(path: string, read: (body: Json) => T | null): Promise<T> {
    return this.insist(`GET ${path}`, async () => {
      const body = settledBody(path, await this.send(path));
      return body === null ? null : read(body);
    });
  }

  async download(path: string): Promise<Uint8Array<ArrayBuffer>> {
    return this.insist(`GET ${path}`, async () => {
      const answer = await this.fetch(path);
      if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
      settledBody(path, { status: answer.status, body: (await answer.json()) as Json });
      return null;
    });
  }

  private accept(path: string, { request_id: id }: Json): string {
    if (typeof id !== 'string') throw new Error(`${path} was answered without a request_id`);
    this.accepted++;
    for (const resolve of this.acceptance.splice(0)) resolve();
    return id;
  }

  private async insist<T>(what: string, attempt: () => Promise<T | null>): Promise<T> {
    const deadline = performance.now() + GIVE_UP_MS;
    let last: unknown = 'told to ask again';
    for (let delay = FIRST_RETRY_MS; performance.now() < deadline; delay = Math.min(delay * 2, MAX_RETRY_MS)) {
      try {
        const answer = await attempt();
        if (answer !== null) return answer;
      } catch (error) {
        if (error instanceof Refused) throw error;
        last = error;
      }
      this.repeated++;
      await pause(delay);
    }
    throw new Error(`${what}: no answer within ${GIVE_UP_MS / 1000} s`, { cause: last });
  }

  private async send(path: string, message: RequestInit = {}): Promise<Reply> {
    const answer = await this.fetch(path, message);
    return { status: answer.status, body: (await answer.json()) as Json };
  }

  private fetch(path: string, message: RequestInit = {}): Promise<Response> {
    return fetch(this.url + path, { ...message, signal: AbortSignal.timeout(ATTEMPT_MS) });
  }
}

/** An answer that no repeat would change. */
class Refused extends Error {}

function isLater(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** Null for "later". @throws Refused */
function settledBody(path: string, { status, body }: Reply): Json | null {
  if (isLater(status)) return null;
  if (status >= 300) throw new Refused(`${path}: ${status} ${JSON.stringify(body)}`);
  return body;
}

function toMessage(body: Json): RequestInit {
  return { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
}
