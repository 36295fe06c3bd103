import { createHash } from 'node:crypto';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, type Socket } from 'node:net';
import { HubUploads } from './hub-uploads.js';
import { pause } from '../pause.js';

/**
 * A Hugging Face hub for tests: one model repository, the three paths that are asked for when it is fetched, those of
 * uploads to it, and the faults a network has. Set the fields to misbehave; `requests` tells what was asked.
 */
export class HubStandIn {
  readonly commit = 'c'.repeat(40);
  readonly requests: { path: string; range: string | undefined; authorization: string | undefined }[] = [];
  /** Where the branch is now; what `commit` holds is still there. */
  moved: string | null = null;
  /** Answer everything with this status. */
  status = 200;
  /** Never answer. */
  hangs = false;
  /** Break off, or go silent in, the next download of a file after this number of bytes. */
  readonly faults = new Map<string, { after: number; silent: boolean }>();
  /**
   * A bad line: every download goes slowly, a piece at a time, and breaks off after this number of bytes; of the other requests
   * one in `refusing` is cut off. Python's client, which loses what it has not written, is spared the breaks.
   */
  badLine: { pieceBytes: number; pauseMs: number; breakAfter: number; refusing: number } | null = null;
  /** Send other bytes of the same length. */
  readonly damaged = new Set<string>();

  readonly uploads: HubUploads;

  private asked = 0;
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  constructor(
    private readonly repo: string,
    /** Bytes by name; files of 1 MB and more are listed as large ones (LFS). */
    readonly files: Map<string, Uint8Array>,
  ) {
    this.uploads = new HubUploads(repo, files, this.commit);
    this.server = createServer((request, response) => this.answer(request, response));
    this.server.on('connection', (socket) => this.sockets.add(socket));
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** Downloads (not the probes for the size) of a file. */
  downloads(name: string): (string | undefined)[] {
    const asked = this.requests.filter(({ path, range }) => path.endsWith(`/${name}`) && range !== 'bytes=0-0');
    return asked.map(({ range }) => range);
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const path = new URL(request.url ?? '/', 'http://hub').pathname;
    const { range, authorization } = request.headers;
    this.requests.push({ path, range, authorization });
    if (this.hangs) return;
    if (this.status !== 200) return void response.writeHead(this.status).end('{}');
    if (this.badLine && this.isCutOff(request, this.badLine.refusing)) return void request.socket.destroy();
    if (request.method === 'POST' || request.method === 'PUT') return void this.uploads.answer(request, response);
    if (path === `/api/models/${this.repo}/revision/main`)
      return sendJson(response, { id: this.repo, sha: this.moved ?? this.commit });
    if (path === `/api/models/${this.repo}/tree/${this.commit}`) return sendJson(response, this.tree());
    const [, name = ''] = RESOLVED.exec(path.slice(this.repo.length + 1)) ?? [];
    const bytes = path.startsWith(`/${this.repo}/`) ? this.files.get(name) : undefined;
    if (bytes && request.method === 'HEAD') return this.describeFile(bytes, response);
    if (bytes) return this.sendFile(name, bytes, request.headers, response);
    response.writeHead(404).end();
  }

  private isCutOff({ headers }: IncomingMessage, refusing: number): boolean {
    return !isPython(headers) && headers.range === undefined && this.asked++ % refusing === 0;
  }

  private tree(): unknown[] {
    return [...this.files].map(([path, bytes]) => {
      const entry = { type: 'file', path, size: bytes.byteLength, oid: gitHash(bytes) };
      return isLarge(bytes) ? { ...entry, lfs: { oid: etagOf(bytes), size: bytes.byteLength } } : entry;
    });
  }

  /** What huggingface_hub asks for first. */
  private describeFile(bytes: Uint8Array, response: ServerResponse): void {
    const headers = { 'x-repo-commit': this.commit, etag: `"${etagOf(bytes)}"`, 'content-length': bytes.byteLength };
    response.writeHead(200, headers).end();
  }

  private sendFile(name: string, bytes: Uint8Array, headers: IncomingHttpHeaders, response: ServerResponse): void {
    const { range } = headers;
    const total = bytes.byteLength;
    const [from, to] = /^bytes=(\d+)-(\d+)$/
      .exec(range ?? '')
      ?.slice(1)
      .map(Number) ?? [0, total - 1];
    const part = bytes.slice(from, to! + 1);
    if (this.damaged.has(name)) part.reverse();
    response.writeHead(range === undefined ? 200 : 206, {
      'content-length': part.byteLength,
      etag: `"${gitHash(bytes)}"`,
      ...(range === undefined ? {} : { 'content-range': `bytes ${from}-${to}/${total}` }),
    });
    if (this.badLine) {
      const breakAfter = isPython(headers) ? Infinity : this.badLine.breakAfter;
      return void this.trickle(part, { ...this.badLine, breakAfter }, response);
    }
    const fault = this.faults.get(name);
    if (!fault || part.byteLength <= fault.after) return void response.end(part);
    this.faults.delete(name);
    response.write(part.subarray(0, fault.after), () => {
      if (!fault.silent) response.destroy();
    });
  }

  private async trickle(
    part: Uint8Array,
    { pieceBytes, pauseMs, breakAfter }: NonNullable<HubStandIn['badLine']>,
    response: ServerResponse,
  ): Promise<void> {
    const end = Math.min(part.byteLength, breakAfter);
    for (let sent = 0; sent < end; sent += pieceBytes) {
      response.write(part.subarray(sent, Math.min(sent + pieceBytes, end)));
      await pause(pauseMs);
    }
    if (end < part.byteLength) response.destroy();
    else response.end();
  }
}

/** The rest of a file's path, after the repository; the revision is the branch or the commit. */
const RESOLVED = /^\/resolve\/(?:main|[0-9a-f]{40})\/(.+)$/;

function isPython({ 'user-agent': agent = '' }: IncomingHttpHeaders): boolean {
  return agent.includes('hf_hub');
}

function isLarge(bytes: Uint8Array): boolean {
  return bytes.byteLength >= 1_000_000;
}

/** The name of its blob: SHA-256 of large files, git's hash of others. */
export function etagOf(bytes: Uint8Array): string {
  return isLarge(bytes) ? createHash('sha256').update(bytes).digest('hex') : gitHash(bytes);
}

function sendJson(response: ServerResponse, body: unknown): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}

function gitHash(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.byteLength}\0`).update(bytes).digest('hex');
}
