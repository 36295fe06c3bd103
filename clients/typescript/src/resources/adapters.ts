import { pagesOf } from '../http/pages.js';
import { type Adapter, type CreatedAdapter, type NewAdapter } from '../schemas.js';
import { type Transport } from '../http/transport.js';

/** The adapters of the key. */
export class Adapters {
  constructor(private readonly transport: Transport) {}

  async create(request: NewAdapter = {}): Promise<CreatedAdapter> {
    const { data } = await this.transport.routes.POST('/adapters', { body: request });
    return data as CreatedAdapter;
  }

  /** Newest first. */
  list(): AsyncGenerator<Adapter, void, undefined> {
    return pagesOf(async (cursor?: string) => {
      const { data } = await this.transport.routes.GET('/adapters', { params: { query: { cursor } } });
      return { items: data?.adapters ?? [], next: data?.next_cursor };
    });
  }

  /** @param archive a tar archive, optionally gzipped, of the folder that PEFT saved */
  async import(
    archive: Blob | Uint8Array<ArrayBuffer>,
    { modelId, baseModel }: { readonly modelId?: string; readonly baseModel?: string } = {},
  ): Promise<CreatedAdapter> {
    const query = new URLSearchParams();
    if (modelId !== undefined) query.set('model_id', modelId);
    if (baseModel !== undefined) query.set('base_model', baseModel);
    const headers = { 'Content-Type': 'application/x-tar' };
    const response = await this.transport.upload(`/adapters/import?${query}`, () => ({
      method: 'POST',
      headers,
      body: archive,
    }));
    return (await response.json()) as CreatedAdapter;
  }
}
