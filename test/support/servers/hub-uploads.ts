import { createHash } from 'node:crypto';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** What a hub was asked for while somebody pushed. */
export interface PushRecord {
  /** Bodies of the requests that create a repository. */
  readonly created: Readonly<Record<string, unknown>>[];
  /** Titles of the commits. */
  readonly commits: string[];
  /** Files that were sent as large ones (LFS). */
  readonly large: string[];
}

/** Files that git keeps as pointers: weights by their name, all others by their size. */
const LARGE = /\.(safetensors|gguf)$/;
const LARGE_BYTES = 1_000_000;

/**
 * The half of a hub that takes uploads, by the protocol of huggingface_hub and @huggingface/hub without Xet: create a
 * repository, ask which files are large, upload those by their SHA-256, commit. What is pushed is in `files` afterwards.
 */
export class HubUploads {
  readonly record: PushRecord = { created: [], commits: [], large: [] };
  /** Tokens that may write. */
  readonly writers = new Set<string>(['hf_writer']);
  private readonly blobs = new Map<string, Uint8Array>();

  constructor(
    private readonly repo: string,
    private readonly files: Map<string, Uint8Array>,
    private readonly commit: string,
  ) {}

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const { pathname, origin } = new URL(request.url ?? '/', `http://${request.headers.host}`);
    const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
    if (pathname.startsWith('/storage/')) return this.upload(pathname.slice('/storage/'.length), body, response);
    if (!this.writers.has(token)) return send(response, 403, { error: 'You have no write permission.' });
    switch (pathname) {
      case '/api/repos/create':
        return this.create(readJson(body), response, origin);
      case `/api/models/${this.repo}/preupload/main`:
        return send(response, 200, this.modes(readJson(body)));
      case `/${this.repo}.git/info/lfs/objects/batch`:
        return send(response, 200, this.addresses(readJson(body), origin));
      case `/api/models/${this.repo}/commit/main`:
        return this.take(body.toString(), response, origin);
      default:
        return send(response, 404, { error: 'Not found' });
    }
  }

  private create(body: Readonly<Record<string, unknown>>, response: ServerResponse, origin: string): void {
    const exists = this.record.created.length > 0;
    this.record.created.push(body);
    const url = `${origin}/${this.repo}`;
    if (`${String(body['organization'])}/${String(body['name'])}` !== this.repo) {
      return send(response, 403, { error: 'You have no rights to create a model under this namespace.' });
    }
    if (exists) send(response, 409, { error: 'You already created this model repo', url });
    else send(response, 200, { url, name: this.repo, id: 'f'.repeat(24) });
  }

  private modes(body: Readonly<Record<string, unknown>>): object {
    const files = body['files'] as { path: string; size: number }[];
    return {
      files: files.map(({ path, size }) => {
        const uploadMode = LARGE.test(path) || size >= LARGE_BYTES ? 'lfs' : 'regular';
        return { path, uploadMode, shouldIgnore: false };
      }),
    };
  }

  private addresses(body: Readonly<Record<string, unknown>>, origin: string): object {
    const objects = body['objects'] as { oid: string; size: number }[];
    return {
      transfer: 'basic',
      objects: objects.map(({ oid, size }) => {
        const actions = this.blobs.has(oid) ? {} : { upload: { href: `${origin}/storage/${oid}` } };
        return { oid, size, actions };
      }),
    };
  }

  private upload(oid: string, body: Buffer, response: ServerResponse): void {
    if (createHash('sha256').update(body).digest('hex') !== oid) return void response.writeHead(400).end();
    this.blobs.set(oid, new Uint8Array(body));
    response.writeHead(200).end();
  }

  private take(body: string, response: ServerResponse, origin: string): void {
    const lines = body
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { key: string; value: Record<string, string> });
    for (const { key, value } of lines) {
      const { path = '', oid = '', content = '', summary = '' } = value;
      if (key === 'header') this.record.commits.push(summary);
      if (key === 'file') this.files.set(path, new Uint8Array(Buffer.from(content, 'base64')));
      if (key !== 'lfsFile') continue;
      const blob = this.blobs.get(oid);
      if (!blob) return send(response, 400, { error: `There is no object ${oid}.` });
      this.record.large.push(path);
      this.files.set(path, blob);
    }
    const commitUrl = `${origin}/${this.repo}/commit/${this.commit}`;
    send(response, 200, { success: true, commitOid: this.commit, commitUrl, hookOutput: '' });
  }
}

function readJson(body: Buffer): Readonly<Record<string, unknown>> {
  return JSON.parse(body.toString()) as Readonly<Record<string, unknown>>;
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
