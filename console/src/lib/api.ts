import createClient from 'openapi-fetch';
import { toApiError } from '../../../clients/typescript/src/http/errors.js';
import { type Schemas, ThinkerClient } from '../../../clients/typescript/src/index.js';
import { type components as OperatorComponents, type paths as OperatorPaths } from './operator-types.js';

/** What the routes of `operatorRoutes` answer. */
export type OperatorSchemas = OperatorComponents['schemas'];

/** What the service answers, by the names of the API document. */
export type { Schemas };

/** Shows the server that this page sent the request; see KeySessions in the service. */
export const HEADER = { 'X-Thinker-Console': '1' };

const listeners = new Set<() => void>();

/** Tells that the session has ended: the next answer would be a 401 as well. */
export function onSessionEnd(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function endSession(): void {
  for (const tell of listeners) tell();
}

async function send(request: Request): Promise<Response> {
  for (const [name, value] of Object.entries(HEADER)) request.headers.set(name, value);
  const response = await fetch(request);
  if (response.status === 401 && !request.headers.has('X-API-Key')) endSession();
  return response;
}

/** The service that has sent this page. Pages are refreshed often, so a request is repeated for a short time only. */
export const client = new ThinkerClient({ baseUrl: location.origin, retryForMs: 2000, fetch: send });
export const { routes } = client;

/** Routes that the client of the service leaves out: those for operators, and some of the Tinker dialect. */
export const operatorRoutes = createClient<OperatorPaths, 'application/json'>({
  baseUrl: location.origin,
  fetch: send,
});
operatorRoutes.use({
  async onResponse({ response }) {
    if (!response.ok) throw toApiError(response.status, await response.text());
  },
});

/** A path of the service for links and downloads. */
export function pathOf(...parts: string[]): string {
  return `/${parts.map(encodeURIComponent).join('/')}`;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
