import type { Request, Response } from 'express';
import { currentOwner } from '../../caller.js';
import { type ThreadPool } from '../../threads/thread-pool.js';
import { type BodyAccount, type BodyBudget } from './body-budget.js';
import { type BodyWatch } from './body-watch.js';
import { CorruptBodyError, UnsupportedEncodingError } from './body.errors.js';
import { keepExactIntegers, restoreExactSeeds } from '../validation/exact-integers.js';
import { PARSE_JSON_BODY, parseJsonBody } from './json-body.js';
import { LARGE_BYTES, LargeBody } from './large-body.js';
import { receive } from './receive.js';
import { UNPACK_ZSTD, unpackZstd, zstdContentSize } from './zstd.js';

const JSON_TYPES = ['application/json', 'application/*+json'];
const PROTOBUF = 'application/x-protobuf';
/** JSON is UTF-8 (RFC 8259, 8.1), and ASCII is. */
const CHARSETS = new Set(['utf-8', 'utf8', 'us-ascii']);

/** What a route may read of a request whose body is not JSON: its bytes as they come. */
export interface BodyIntake {
  readonly limitBytes: number;
  readonly account: BodyAccount;
}

const intakes = new WeakMap<Request, BodyIntake>();

/** Limit and budget for a route that reads the bytes itself. */
export function bodyIntake(request: Request): BodyIntake {
  const intake = intakes.get(request);
  if (!intake) throw new TypeError('The body of this request must not be read.');
  return intake;
}

/**
 * Reads bodies for the routes that take one, once the key is known: JSON and protobuf as a whole, unpacked. Small ones
 * are parsed here, large ones in a thread; all other types are left to the route.
 */
export class RequestBodies {
  constructor(
    private readonly limitBytes: number,
    private readonly budget: BodyBudget,
    private readonly watch: BodyWatch,
    private readonly threads: ThreadPool,
  ) {}

  /** @param large whether the route takes a LargeBody. @throws AppErrors of body.errors.ts */
  async read(request: Request, response: Response, large: boolean): Promise<void> {
    if (!announcesBody(request)) return;
    const account = this.budget.open(currentOwner() || (request.socket.remoteAddress ?? ''));
    response.once('close', () => account.close());
    intakes.set(request, { limitBytes: this.limitBytes, account });
    this.watch.read(request, response);
    if (/100-continue/i.test(request.headers.expect ?? '')) response.writeContinue();
    if (request.is(JSON_TYPES)) await this.readJson(request, account, large);
    else if (request.is(PROTOBUF)) await this.readProtobuf(request, account, large);
  }

  private async readJson(request: Request, account: BodyAccount, large: boolean): Promise<void> {
    checkCharset(request.headers['content-type'] ?? '');
    const bytes = await receive(request, { encoding: encodingOf(request), limitBytes: this.limitBytes, account });
    if (bytes.length > LARGE_BYTES && large) {
      request.body = new LargeBody('json', bytes);
      return;
    }
    keepExactIntegers(request, Buffer.from(bytes.buffer));
    request.body = await this.parse(bytes);
    restoreExactSeeds(request);
  }

  private parse(bytes: Uint8Array<ArrayBuffer>): object | Promise<object> {
    return bytes.length > LARGE_BYTES ? this.threads.run(PARSE_JSON_BODY, bytes, [bytes.buffer]) : parseJsonBody(bytes);
  }

  private async readProtobuf(request: Request, account: BodyAccount, large: boolean): Promise<void> {
    const encoding = encodingOf(request);
    const options = { limitBytes: this.limitBytes, account };
    const bytes =
      encoding === 'zstd'
        ? await this.unpack(await receive(request, { ...options, encoding: 'identity' }), account)
        : await receive(request, { ...options, encoding });
    request.body =
      bytes.length > LARGE_BYTES && large
        ? new LargeBody('protobuf', bytes)
        : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  private async unpack(packed: Uint8Array<ArrayBuffer>, account: BodyAccount): Promise<Uint8Array<ArrayBuffer>> {
    const size = zstdContentSize(packed, this.limitBytes);
    account.add(size);
    const bytes =
      size > LARGE_BYTES
        ? await this.threads.run(UNPACK_ZSTD, packed, [packed.buffer])
        : await unpackZstd(packed, this.limitBytes);
    account.set(bytes.length);
    if (bytes.buffer instanceof ArrayBuffer) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    throw new CorruptBodyError(new Error('its bytes are shared'));
  }
}

/** A GET may announce one, too: nobody reads it. */
export function announcesBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined;
}

function encodingOf({ headers }: Request): string {
  return (headers['content-encoding'] ?? 'identity').toLowerCase();
}

function checkCharset(contentType: string): void {
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(contentType)?.[1]?.toLowerCase() ?? 'utf-8';
  if (!CHARSETS.has(charset)) throw new UnsupportedEncodingError(`unsupported charset "${charset}"`);
}
