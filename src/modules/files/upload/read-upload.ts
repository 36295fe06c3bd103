import { type Readable } from 'node:stream';
import busboy from 'busboy';
import type { Request } from 'express';
import { InvalidRequestError } from '../../../common/errors/request.errors.js';
import { MalformedBodyError } from '../../../common/http/bodies/body.errors.js';
import { invalid } from '../../../common/json/json-fields.js';
import { shortened } from '../../../common/shortened.js';
import { FileTooLargeError } from '../errors/file.errors.js';

const LIMITS = { files: 1, fields: 16, parts: 32, fieldSize: 2 ** 10, fieldNameSize: 100 };
/** What a form has beside its file: boundaries, headers and small fields. */
const FORM_BYTES = 2 ** 16;
const REMEDY = 'Send multipart/form-data with the fields "file" and "purpose".';

export interface Upload<Received> {
  readonly fields: ReadonlyMap<string, string>;
  readonly filename: string;
  readonly received: Received;
}

export interface UploadSink<Received> {
  readonly limitBytes: number;
  /** `leastBytes`: that it has, as the request says; 0 where it does not. */
  receive(content: AsyncIterable<Uint8Array>, leastBytes: number): Promise<Received>;
  discard(received: Received): Promise<void>;
}

/**
 * Reads a form with one file, which goes to the sink piece by piece, as fast as that takes it. A form that is refused is
 * not read to its end, and nothing of it is left.
 * @throws FileTooLargeError, InvalidRequestError, MalformedBodyError, what the sink throws
 */
export async function readUpload<Received>(request: Request, sink: UploadSink<Received>): Promise<Upload<Received>> {
  if (!request.is('multipart/form-data')) throw noFile();
  if (leastBytes(request) > sink.limitBytes) {
    throw new FileTooLargeError(sink.limitBytes);
  }
  const form = new UploadForm(sink);
  try {
    await form.read(request);
    return await form.upload();
  } catch (error) {
    await form.abandon();
    throw error;
  }
}

function leastBytes({ headers }: Request): number {
  return Math.max(Number(headers['content-length'] ?? 0) - FORM_BYTES, 0);
}

function noFile(): InvalidRequestError {
  return new InvalidRequestError(`The request contains no file. ${REMEDY}`, { field: 'file', remedy: REMEDY });
}

class UploadForm<Received> {
  private readonly fields = new Map<string, string>();
  private filename = '';
  private receiving: Promise<Received> | null = null;

  constructor(private readonly sink: UploadSink<Received>) {}

  /** Until the form has ended and its file is received. */
  async read(request: Request): Promise<void> {
    const form = openForm(request);
    try {
      await new Promise<void>((resolve, reject) => {
        form.on('field', (name, value, { nameTruncated, valueTruncated }) => {
          if (nameTruncated || valueTruncated) return reject(invalid(shortened(name), 'is too long.', REMEDY));
          this.fields.set(name, value);
        });
        form.on('file', (name, stream, { filename }) => {
          if (name !== 'file') return reject(invalid(shortened(name), 'is not a field for a file.', REMEDY));
          this.filename = filename ?? '';
          this.receiving = this.sink.receive(limited(stream, this.sink.limitBytes), leastBytes(request));
          this.receiving.catch(reject);
        });
        for (const limit of ['filesLimit', 'fieldsLimit', 'partsLimit'] as const) {
          form.on(limit, () => reject(new InvalidRequestError(`The form has too many fields. ${REMEDY}`)));
        }
        form.on('error', (error) => reject(malformed(error)));
        form.on('close', resolve);
        request.on('close', () => {
          if (!request.complete) reject(new MalformedBodyError('the client has disconnected', undefined));
        });
        request.pipe(form);
      });
    } finally {
      // What is left is thrown away, so that the connection can go on; BodyWatch ends it where that is much.
      request.unpipe(form).resume();
      // Also ends the stream of a file that is being received.
      form.destroy();
    }
  }

  async upload(): Promise<Upload<Received>> {
    if (this.receiving === null) throw noFile();
    return { fields: this.fields, filename: this.filename, received: await this.receiving };
  }

  /** Once the sink has come to its end. */
  async abandon(): Promise<void> {
    const received = await this.receiving?.catch(() => undefined);
    if (received !== undefined) await this.sink.discard(received);
  }
}

function openForm(request: Request): busboy.Busboy {
  try {
    return busboy({ headers: request.headers, limits: LIMITS, defParamCharset: 'utf8' });
  } catch (error) {
    throw malformed(error);
  }
}

function malformed(error: unknown): InvalidRequestError {
  const reason = error instanceof Error ? error.message : String(error);
  const message = `The form cannot be read: ${reason}. ${REMEDY}`;
  return new InvalidRequestError(message, { remedy: REMEDY });
}

async function* limited(stream: Readable, limitBytes: number): AsyncGenerator<Uint8Array, void, undefined> {
  let length = 0;
  for await (const piece of stream) {
    const bytes = piece as Buffer;
    length += bytes.length;
    if (length > limitBytes) throw new FileTooLargeError(limitBytes);
    yield bytes;
  }
}
