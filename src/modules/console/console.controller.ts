import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { AcceptsUnknownFields } from '../../common/http/validation/accepts-unknown-fields.js';
import { NotFoundError } from '../../common/errors/request.errors.js';
import { ConsoleFiles } from './console-files.js';

/** The pages of the console: one document, whose scripts show what the address names. */
@ApiExcludeController()
@AcceptsUnknownFields()
@Controller('console')
export class ConsoleController {
  constructor(private readonly files: ConsoleFiles) {}

  @Get(['', '*path'])
  send(@Req() request: Request, @Res() response: Response): void {
    const name = request.path.replace(/^\/console\/?/i, '');
    const file = this.files.find(name);
    if (file === null) {
      throw new NotFoundError('File of the web console', name || 'index.html', {
        remedy: 'Build it with `npm run build`, and reload the page.',
      });
    }
    response
      .type(file.extension)
      .set('Cache-Control', file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache')
      .set({ ETag: file.etag, Vary: 'Accept-Encoding' });
    if (request.fresh) {
      response.status(304).end();
      return;
    }
    const isCompressed = request.acceptsEncodings('gzip') === 'gzip';
    if (isCompressed) response.set('Content-Encoding', 'gzip');
    response.send(isCompressed ? file.gzipped : file.bytes);
  }
}
