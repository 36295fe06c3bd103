import { type EventBus, EVENT_CHANNELS } from '../../../events/event-bus.js';
import { type TokenEvents, type TokenTriple } from '../../../events/token-events.js';

/** Tokens of one event: far below the longest payload. */
const MAX_TRIPLES = 200;

/**
 * Publishes tokens while they are drawn. One event is under way at a time and takes all tokens drawn meanwhile, so order
 * holds and a slow database makes larger events, not more of them.
 */
export class TokenPublisher {
  private readonly pending: TokenTriple[] = [];
  private readonly positions: number[] = [];
  private sending: Promise<void> | null = null;

  constructor(
    private readonly events: EventBus,
    private readonly requestId: string,
    private readonly onFault: (error: unknown) => void,
  ) {}

  push(index: number, token: number): void {
    const position = this.positions[index] ?? 0;
    this.positions[index] = position + 1;
    this.pending.push([index, position, token]);
    this.sending ??= this.send();
  }

  /** All tokens pushed so far are published (or lost: the result holds them anyway). */
  async flush(): Promise<void> {
    while (this.sending) await this.sending;
  }

  private async send(): Promise<void> {
    try {
      while (this.pending.length > 0) {
        const event: TokenEvents = { request_id: this.requestId, tokens: this.pending.splice(0, MAX_TRIPLES) };
        await this.events.publish(EVENT_CHANNELS.tokenStream, JSON.stringify(event));
      }
    } catch (error) {
      this.pending.length = 0;
      this.onFault(error);
    } finally {
      this.sending = null;
    }
  }
}

/**
 * Receives the tokens of one request. It listens before the request is submitted, and keeps what it hears until it
 * learns the request's id.
 */
export class TokenTap {
  private readonly early: TokenEvents[] = [];
  private requestId: string | null = null;
  private onToken: (triple: TokenTriple) => void = () => undefined;
  private readonly unsubscribe: () => void;

  constructor(events: EventBus) {
    this.unsubscribe = events.subscribe(EVENT_CHANNELS.tokenStream, {
      onEvent: (payload) => this.take(JSON.parse(payload) as TokenEvents),
    });
  }

  follow(requestId: string, onToken: (triple: TokenTriple) => void): void {
    this.requestId = requestId;
    this.onToken = onToken;
    for (const event of this.early.splice(0)) this.take(event);
  }

  close(): void {
    this.unsubscribe();
  }

  private take(event: TokenEvents): void {
    if (this.requestId === null) this.early.push(event);
    else if (event.request_id === this.requestId) event.tokens.forEach(this.onToken);
  }
}
