import { createHash } from 'node:crypto';
import { type RetryingClient } from './retrying-client.js';

const TAR_BLOCK = 512;

/**
 * The routes for whole adapters, which clients of both APIs use. Forks, imports and deletions have no number of their
 * own: a repeat is refused, which tells the client that its first try was accepted.
 */
export class AdapterRoutes {
  constructor(private readonly client: RetryingClient) {}

  /** Resolves, as fork() and import(), with the id of the future. */
  rewind(modelId: string, requestId: string, seqId: number): Promise<string> {
    return this.client.submit(`${pathOf(modelId)}/rewind`, { request_id: requestId, seq_id: seqId });
  }

  /** `requestId`: where they part; null = here and now. */
  async fork(modelId: string, name: string, requestId: string | null): Promise<string> {
    const point = requestId === null ? {} : { request_id: requestId };
    const body = JSON.stringify({ model_id: name, ...point });
    const message = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body };
    return (await this.client.submitOnce(`${pathOf(modelId)}/fork`, message, 409)) ?? this.creationOf(name);
  }

  export(modelId: string): Promise<Uint8Array<ArrayBuffer>> {
    return this.client.download(`${pathOf(modelId)}/export`);
  }

  async import(name: string, body: Uint8Array<ArrayBuffer>): Promise<string> {
    const message = { method: 'POST', headers: { 'Content-Type': 'application/x-tar' }, body };
    const requestId = await this.client.submitOnce(`/adapters/import?model_id=${name}`, message, 409);
    return requestId ?? this.creationOf(name);
  }

  /** Null when the answer with the id was lost. */
  delete(modelId: string): Promise<string | null> {
    return this.client.submitOnce(pathOf(modelId), { method: 'DELETE' }, 404);
  }

  /** The request that made the adapter, once it is done. */
  private creationOf(modelId: string): Promise<string> {
    return this.client.look(`${pathOf(modelId)}/history?limit=500`, ({ entries }) => {
      const created = (entries as { kind: string; request_id: string }[]).find(({ kind }) => kind === 'create_adapter');
      return created?.request_id ?? null;
    });
  }
}

/** Of names, sizes and contents in a tar; not of its dates, which differ from run to run. */
export function tarDigest(tar: Uint8Array): string {
  const hash = createHash('sha256');
  const text = (from: number, length: number) => Buffer.from(tar.subarray(from, from + length)).toString('latin1');
  for (let at = 0; at < tar.length && tar[at] !== 0;) {
    const size = parseInt(text(at + 124, 12), 8);
    hash.update(`${text(at, 100)} ${size} `).update(tar.subarray(at + TAR_BLOCK, at + TAR_BLOCK + size));
    at += TAR_BLOCK + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
  }
  return hash.digest('hex');
}

function pathOf(modelId: string): string {
  return `/adapters/${encodeURIComponent(modelId)}`;
}
