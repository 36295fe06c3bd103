import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, type Socket } from 'node:net';

/**
 * A Hugging Face hub for tests: one model repository, the three paths that are asked for when it is fetched, and the
 * faults a network has. Set the fields to misbehave; `requests` tells what was asked.
 */
export class HubStandIn {
  readonly commit = 'c'.repeat(40);
  readonly requests: { path: string; range: string | undefined; authorization: string | undefined }[] = [];
  /** Answer everything with this status. */
  status = 200;
  /** Never answer. */
  hangs = false;
  /** Break off, or go silent in, the next download of a file after so many of its bytes. */
  readonly faults = new Map<string, { after: number; silent: boolean }>();
  /** Send other bytes of the same length. */
  readonly damaged = new Set<string>();

  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  constructor(
    private readonly repo: string,
    /** Bytes by name; files of 1 MB and more are listed as large ones (LFS). */
    readonly files: Map<string, Uint8Array>,
  ) {
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
    if (path === `/api/models/${this.repo}/revision/main`)
      return sendJson(response, { id: this.repo, sha: this.commit });
    if (path === `/api/models/${this.repo}/tree/${this.commit}`) return sendJson(response, this.tree());
    const prefix = `/${this.repo}/resolve/${this.commit}/`;
    const name = path.startsWith(prefix) ? path.slice(prefix.length) : '';
    const bytes = this.files.get(name);
    if (bytes) return this.sendFile(name, bytes, range, response);
    response.writeHead(404).end();
  }

  private tree(): unknown[] {
    return [...this.files].map(([path, bytes]) => {
      const entry = { type: 'file', path, size: bytes.byteLength, oid: gitHash(bytes) };
      if (bytes.byteLength < 1_000_000) return entry;
      return { ...entry, lfs: { oid: createHash('sha256').update(bytes).digest('hex'), size: bytes.byteLength } };
    });
  }

  private sendFile(name: string, bytes: Uint8Array, range: string | undefined, response: ServerResponse): void {
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
    const fault = this.faults.get(name);
    if (!fault || part.byteLength <= fault.after) return void response.end(part);
    this.faults.delete(name);
    response.write(part.subarray(0, fault.after), () => {
      if (!fault.silent) response.destroy();
    });
  }
}

function sendJson(response: ServerResponse, body: unknown): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}

function gitHash(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.byteLength}\0`).update(bytes).digest('hex');
}
