import { pagesOf } from '../http/pages.js';
import { type Schemas, type UploadedFile } from '../schemas.js';
import { type Transport } from '../http/transport.js';

/** Training data: the routes under /v1/files. */
export class Files {
  constructor(private readonly transport: Transport) {}

  /** Uploads training data; InvalidRequestError lists the faulty lines. */
  async create(file: Blob, { filename }: { readonly filename: string }): Promise<UploadedFile> {
    const response = await this.transport.upload('/v1/files', () => {
      const body = new FormData();
      body.append('purpose', 'fine-tune' satisfies Schemas['UploadFileDto']['purpose']);
      body.append('file', file, filename);
      return { method: 'POST', body };
    });
    return (await response.json()) as UploadedFile;
  }

  /** Newest first. */
  list(): AsyncGenerator<UploadedFile, void, undefined> {
    return pagesOf(async (after?: string) => {
      const { data } = await this.transport.routes.GET('/v1/files', { params: { query: { after } } });
      return { items: data?.data ?? [], next: data?.has_more ? data.last_id : null };
    });
  }

  async get(id: string): Promise<UploadedFile> {
    const { data } = await this.transport.routes.GET('/v1/files/{file_id}', { params: { path: { file_id: id } } });
    return data as UploadedFile;
  }

  /** The bytes as they were uploaded. */
  async content(id: string): Promise<ReadableStream<Uint8Array>> {
    const { data } = await this.transport.routes.GET('/v1/files/{file_id}/content', {
      params: { path: { file_id: id } },
      parseAs: 'stream',
      ...this.transport.with({ streamed: true }),
    });
    return data as ReadableStream<Uint8Array>;
  }

  async delete(id: string): Promise<void> {
    await this.transport.routes.DELETE('/v1/files/{file_id}', { params: { path: { file_id: id } } });
  }
}
