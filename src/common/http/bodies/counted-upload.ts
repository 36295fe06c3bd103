import { type MulterOptions } from '@nestjs/platform-express/multer/interfaces/multer-options.interface.js';
import type { Request } from 'express';
import { BodyTooLargeError } from './body.errors.js';
import { bodyIntake } from './request-bodies.js';

/** A form's file in memory. */
export interface UploadedBytes {
  readonly buffer: Buffer;
}

type Stored = (error: Error | null, file?: UploadedBytes) => void;

/** Options of a file interceptor: one file, in memory, within the limits and the budget of bodies. */
export const COUNTED_UPLOAD: MulterOptions = {
  limits: { files: 1, fields: 16, parts: 32, fieldSize: 2 ** 10 },
  storage: {
    _handleFile: (request: Request, { stream }: { readonly stream: NodeJS.ReadableStream }, done: Stored) => {
      collect(request, stream).then(
        (buffer) => done(null, { buffer }),
        (error: unknown) => done(error instanceof Error ? error : new TypeError(String(error))),
      );
    },
    _removeFile: (_request: Request, _file: unknown, done: (error: Error | null) => void) => done(null),
  },
};

async function collect(request: Request, stream: NodeJS.ReadableStream): Promise<Buffer> {
  const { account, limitBytes } = bodyIntake(request);
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of stream) {
    const bytes = piece as Buffer;
    length += bytes.length;
    if (length > limitBytes) throw new BodyTooLargeError(limitBytes, undefined);
    account.add(bytes.length);
    pieces.push(bytes);
  }
  return Buffer.concat(pieces);
}
