import { pause } from '../support/pause.js';

export type Json = Readonly<Record<string, unknown>>;

const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 1000;
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
    const { request_id: id } = await this.post(path, body);
    if (typeof id !== 'string') throw new Error(`POST ${path} was answered without a request_id`);
    this.accepted++;
    for (const resolve of this.acceptance.splice(0)) resolve();
    return id;
  }

  /** @throws when the request is refused */
  async post(path: string, body: Json): Promise<Json> {
    return this.insist(`POST ${path}`, async () => {
      const reply = await this.send(path, body);
      if (isLater(reply.status)) return null;
      if (reply.status >= 300) throw new Refused(`POST ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
      return reply.body;
    });
  }

  /** Polls until `read` finds the answer in a reply; it gives null for "ask again". */
  async poll(path: string, body: Json, read: (reply: Reply) => Json | null): Promise<Json> {
    return this.insist(`POST ${path} ${JSON.stringify(body)}`, async () => read(await this.send(path, body)));
  }

  private async insist(what: string, attempt: () => Promise<Json | null>): Promise<Json> {
    const deadline = performance.now() + GIVE_UP_MS;
    let last: unknown = 'told to ask again';
    for (let delay = FIRST_RETRY_MS; performance.now() < deadline; delay = Math.min(delay * 2, LONGEST_RETRY_MS)) {
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

  private async send(path: string, body: Json): Promise<Reply> {
    const answer = await fetch(this.url + path, {
      method: 'POST',
      signal: AbortSignal.timeout(ATTEMPT_MS),
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: (await answer.json()) as Json };
  }
}

/** An answer that no repeat would change. */
class Refused extends Error {}

function isLater(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}
