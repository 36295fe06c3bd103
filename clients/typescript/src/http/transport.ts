import createClient, { type Client } from 'openapi-fetch';
import { type paths } from '../api-types.js';
import { ConnectionError, toApiError } from './errors.js';
import { pause } from './pause.js';

export interface ConnectionOptions {
  /** Address of the server. Default: http://127.0.0.1:8000 */
  readonly baseUrl?: string;
  /** A key of the server, where it asks for one. */
  readonly apiKey?: string;
  /**
   * How long a request is repeated while the server is overloaded or unreachable, in milliseconds; 0 = never.
   * Default: 60,000, in which a service restarts.
   */
  readonly retryForMs?: number;
  /** Default: the global fetch. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

export interface SendOptions {
  /** A second execution does no harm, so the request is repeated when the connection breaks before the answer is known. */
  readonly repeatable?: boolean;
  /** The answer is handed out before it has arrived completely. */
  readonly streamed?: boolean;
  /** A status above 399 that is an answer like any other. */
  readonly accepted?: number;
}

/** Overloaded, restarting, or a proxy that found no server: the request was not processed. */
const RETRIED_STATUSES = [429, 502, 503, 504];
const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 8000;

/**
 * Sends requests: adds the key, repeats what may be repeated, and turns refusals into errors. `routes` has every route
 * with its types.
 */
export class Transport {
  readonly routes: Client<paths, 'application/json'>;
  private readonly baseUrl: string;
  private readonly headers: Readonly<Record<string, string>>;
  private readonly retryForMs: number;
  private readonly fetch: (request: Request) => Promise<Response>;

  constructor(options: ConnectionOptions = {}) {
    this.baseUrl = (options.baseUrl ?? 'http://127.0.0.1:8000').replace(/\/+$/, '');
    this.headers = options.apiKey ? { 'X-API-Key': options.apiKey } : {};
    this.retryForMs = options.retryForMs ?? 60_000;
    this.fetch = options.fetch ?? ((request) => fetch(request));
    this.routes = createClient<paths, 'application/json'>({
      baseUrl: this.baseUrl,
      headers: this.headers,
      fetch: (request) => this.sendCopies(request, {}),
    });
  }

  /** For one call of `routes`: sends its request in this way. */
  readonly with = (options: SendOptions): { readonly fetch: (request: Request) => Promise<Response> } => ({
    fetch: (request) => this.sendCopies(request, options),
  });

  /** Sends a request that `routes` cannot describe, such as an upload. A fresh body is made for each attempt. */
  upload(path: string, make: () => RequestInit): Promise<Response> {
    const request = (): Request => {
      const { headers, ...init } = make();
      return new Request(this.baseUrl + path, { ...init, headers: { ...this.headers, ...(headers as object) } });
    };
    return this.send(request, {});
  }

  private sendCopies(request: Request, options: SendOptions): Promise<Response> {
    return this.send(() => request.clone(), options);
  }

  private async send(make: () => Request, options: SendOptions): Promise<Response> {
    const deadline = Date.now() + this.retryForMs;
    for (let attempt = 0; ; attempt++) {
      const request = make();
      const outcome = await this.attempt(request, options);
      if (outcome instanceof Response) return outcome;
      const waitMs = outcome.retryAfterMs ?? backOff(attempt);
      if (!outcome.mayRetry || Date.now() + waitMs > deadline) throw outcome.error;
      await pause(waitMs, request.signal);
    }
  }

  private async attempt(request: Request, options: SendOptions): Promise<Response | Failure> {
    const { repeatable = request.method === 'GET', streamed = false, accepted } = options;
    try {
      const response = await this.fetch(request);
      if (!response.ok && response.status !== accepted) return failureOf(response);
      if (streamed || response.body === null) return response;
      // Read here, so that a connection that breaks now counts as a failed attempt.
      const { status, headers } = response;
      return new Response(await response.text(), { status, headers });
    } catch (cause) {
      request.signal.throwIfAborted();
      const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
      const error = new ConnectionError(`${this.baseUrl} does not respond (${reason}).`, { cause });
      return { error, mayRetry: repeatable };
    }
  }
}

interface Failure {
  readonly error: Error;
  readonly mayRetry: boolean;
  /** As the server asked for. */
  readonly retryAfterMs?: number;
}

async function failureOf(response: Response): Promise<Failure> {
  const error = toApiError(response.status, await response.text());
  const seconds = Number(response.headers.get('Retry-After') ?? NaN);
  return {
    error,
    mayRetry: RETRIED_STATUSES.includes(response.status),
    ...(seconds >= 0 ? { retryAfterMs: seconds * 1000 } : {}),
  };
}

/** Doubles with every attempt; random, so that many clients do not come back together. */
function backOff(attempt: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** attempt, MAX_PAUSE_MS) * (0.5 + Math.random() / 2);
}
