import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

export interface ReceivedEvent {
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A program that webhooks tell of events. */
export class WebhookReceiver {
  readonly received: ReceivedEvent[] = [];
  /** Answers 204 unless a test wants something else. */
  answer: (response: ServerResponse, event: ReceivedEvent) => void = (response) => response.writeHead(204).end();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<WebhookReceiver> {
    const server = createServer();
    const receiver = new WebhookReceiver(server);
    server.on('request', (request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const event = { id: String(request.headers['webhook-id']), headers: request.headers, body };
        receiver.received.push(event);
        receiver.answer(response, event);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hook`;
  }

  /** The body, by the verifier of Standard Webhooks. @throws for a wrong signature */
  static verify(secret: string, { body, headers }: ReceivedEvent): Record<string, unknown> {
    return new Webhook(secret).verify(body, headers as Record<string, string>) as Record<string, unknown>;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
