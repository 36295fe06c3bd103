import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';

/** What becomes of one request. */
export type Fault =
  | 'none'
  /** Refused as an overloaded server does. */
  | 'slow-down'
  /** Refused, because there is no room. */
  | 'full'
  /** The connection ends in the middle of what the client sends; nothing reaches the server. */
  | 'cut-upload'
  /** The server has done it, and the connection ends in the middle of its answer. */
  | 'cut-answer'
  /** Half of the answer, then silence. */
  | 'stall';

export interface ProxiedRequest {
  readonly method: string;
  readonly path: string;
}

/** Stands between a client and an S3 server, and makes trouble as a test asks for it. */
export class S3Proxy {
  /** Bytes that clients have sent as bodies. */
  received = 0;
  readonly requests: ProxiedRequest[] = [];
  /** Decides for each request. */
  fault: (request: ProxiedRequest) => Fault = () => 'none';
  /** Before each request is passed on. */
  delayMs = 0;
  private readonly server: Server;

  private constructor(private readonly target: string) {
    this.server = createServer((incoming, outgoing) => void this.serve(incoming, outgoing));
  }

  static async start(target: string): Promise<S3Proxy> {
    const proxy = new S3Proxy(target);
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const asked = { method: incoming.method ?? '', path: incoming.url ?? '' };
    this.requests.push(asked);
    const fault = this.fault(asked);
    const body: Buffer[] = [];
    try {
      for await (const piece of incoming) {
        this.received += (piece as Buffer).length;
        body.push(piece as Buffer);
        if (fault === 'cut-upload') return void incoming.socket.destroy();
      }
    } catch {
      return; // the client has gone
    }
    if (fault === 'cut-upload') return void incoming.socket.destroy();
    if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
    if (fault === 'slow-down') return refuse(outgoing, 503, 'SlowDown');
    if (fault === 'full') return refuse(outgoing, 507, 'XMinioStorageFull');
    this.pass(incoming, Buffer.concat(body), outgoing, fault);
  }

  private pass({ method, url, headers }: IncomingMessage, body: Buffer, outgoing: ServerResponse, fault: Fault): void {
    const passedOn = { ...headers };
    delete passedOn.expect; // answered here
    const sent = request(new URL(url ?? '', this.target), { method, headers: passedOn }, (answer) => {
      if (fault === 'none') {
        outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(outgoing);
        return;
      }
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('end', () => {
        const whole = Buffer.concat(pieces);
        outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
        outgoing.write(whole.subarray(0, whole.length / 2), () => {
          if (fault === 'cut-answer') outgoing.socket?.destroy();
        });
        outgoing.flushHeaders();
        if (fault === 'cut-answer' && whole.length < 2) outgoing.socket?.destroy();
      });
    });
    sent.on('error', () => outgoing.destroy());
    sent.end(body);
  }
}

function refuse(outgoing: ServerResponse, status: number, code: string): void {
  outgoing.writeHead(status, { 'content-type': 'application/xml' });
  outgoing.end(`<Error><Code>${code}</Code><Message>Not now.</Message></Error>`);
}
