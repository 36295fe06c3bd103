import { Readable } from 'node:stream';
import { Controller, Post, Query, Req, UploadedFile, UseInterceptors } from '@nestjs/common';
import { FileInterceptor } from '@nestjs/platform-express';
import { ApiBody, ApiConsumes, ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { InvalidRequestError } from '../../../common/errors/request.errors.js';
import { ApiFailures } from '../../../common/http/api-docs.js';
import { countedStream } from '../../../common/http/bodies/counted-stream.js';
import { COUNTED_UPLOAD } from '../../../common/http/bodies/counted-upload.js';
import { AdapterCreatedDto, toAdapterDto } from '../../adapters/index.js';
import { AdapterFilesService } from './adapter-files.service.js';
import { ImportAdapterQueryDto } from '../dto/import-adapter.dto.js';

const TAR = 'application/x-tar';
const BODY_TYPES = [TAR, 'application/gzip', 'application/octet-stream'];

@ApiTags('adapters')
@Controller('adapters')
export class AdapterFilesController {
  constructor(private readonly files: AdapterFilesService) {}

  @Post('import')
  @UseInterceptors(FileInterceptor('file', COUNTED_UPLOAD))
  @ApiOperation({
    summary: 'Import a PEFT adapter',
    description:
      'The body is a tar archive, optionally gzipped, of the folder that PEFT saved (or a multipart form with it as field "file"). ' +
      'rank_pattern, alpha_pattern, exclude_modules and layers_to_transform are interpreted as in PEFT; DoRA, ' +
      'modules_to_save, trained biases and similar features are rejected by name. ' +
      'Example: `tar -C my-peft-adapter -c . | curl -X POST -H "Content-Type: application/x-tar" --data-binary @- ' +
      '"http://127.0.0.1:8000/adapters/import?model_id=my-model"`',
  })
  @ApiConsumes(...BODY_TYPES, 'multipart/form-data')
  @ApiBody({
    schema: {
      type: 'object',
      properties: { file: { type: 'string', format: 'binary', description: 'The tar archive.' } },
    },
  })
  @ApiFailures()
  @ApiCreatedResponse({ type: AdapterCreatedDto, description: 'The adapter is created.' })
  async import(
    @Query() query: ImportAdapterQueryDto,
    @UploadedFile() file: { readonly buffer: Buffer } | undefined,
    @Req() request: Request,
  ): Promise<AdapterCreatedDto> {
    const source = bodyOf(request, file);
    try {
      const wanted = { modelId: query.model_id, baseModel: query.base_model };
      const { adapter, accepted } = await this.files.import(source, wanted);
      return { ...toAdapterDto(adapter, true), request_id: accepted.requestId };
    } finally {
      source.destroy();
    }
  }
}

function bodyOf(request: Request, file: { readonly buffer: Buffer } | undefined): Readable {
  if (file) return Readable.from([file.buffer]);
  if (request.is(BODY_TYPES)) return countedStream(request);
  const remedy = `Send a tar archive with Content-Type ${BODY_TYPES.join(', ')}, or as field "file" of multipart/form-data.`;
  throw new InvalidRequestError(`The request contains no archive. ${remedy}`, { field: 'file', remedy });
}
