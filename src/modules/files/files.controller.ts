import { Readable } from 'node:stream';
import { Controller, Delete, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { currentOwner } from '../../common/caller.js';
import { ApiMissing } from '../../common/http/api-docs.js';
import { ErrorDto } from '../../common/http/errors/error.dto.js';
import { sendFile } from '../../common/http/responses/send-file.js';
import { AcceptsUnknownFields } from '../../common/http/validation/accepts-unknown-fields.js';
import { AppConfig } from '../../config/app-config.js';
import { StorageQuota } from '../keys/index.js';
import { FileDeletedDto, FileDto, FileListDto, ListFilesDto, UploadFileDto } from './dto/file.dto.js';
import { presentFile, presentFiles } from './files.presenter.js';
import { FilesService } from './files.service.js';
import { readNewFile } from './readers/new-file.reader.js';
import { readUpload } from './upload/read-upload.js';

const MIB = 2 ** 20;
const BINARY = 'application/octet-stream';
const ID = { name: 'file_id', example: 'file-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC', description: 'Id of the file.' };
const URL = 'http://127.0.0.1:8000/v1/files';

/** OpenAI's files API. */
@AcceptsUnknownFields()
@ApiTags('openai')
@Controller('v1/files')
export class FilesController {
  constructor(
    private readonly files: FilesService,
    private readonly quota: StorageQuota,
    private readonly config: AppConfig,
  ) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: 'Upload training data',
    description:
      'JSONL, CSV or Parquet with chats, prompts and completions, or preferences (docs/fine-tuning.md). Every row is ' +
      'checked: a file with faults is not stored, and the 400 lists them with their lines. ' +
      `Example: \`curl ${URL} -F purpose=fine-tune -F file=@chats.jsonl\``,
  })
  @ApiConsumes('multipart/form-data')
  @ApiBody({ type: UploadFileDto })
  @ApiOkResponse({ type: FileDto, description: 'The file.' })
  @ApiResponse({
    status: 413,
    type: ErrorDto,
    description: 'The file is larger than FILE_LIMIT_MB.',
  })
  @ApiResponse({ status: 507, type: ErrorDto, description: 'There was no disk space left to store the file.' })
  async create(@Req() request: Request): Promise<FileDto> {
    const owner = currentOwner();
    const { fields, filename, received } = await readUpload(request, {
      limitBytes: this.config.files.limitMb * MIB,
      receive: async (content, leastBytes) => {
        await this.quota.check(owner, leastBytes);
        return this.files.receive(content);
      },
      discard: (file) => this.files.discard(file),
    });
    return presentFile(await this.files.add(received, () => readNewFile(fields, filename)));
  }

  @Get()
  @ApiOperation({ summary: 'List files', description: `Your files, newest first. Example: \`curl "${URL}?limit=10"\`` })
  @ApiMissing('file')
  @ApiOkResponse({ type: FileListDto, description: 'A page of files.' })
  async list(@Query() { limit = 10_000, order = 'desc', ...query }: ListFilesDto): Promise<FileListDto> {
    const { after, purpose, search } = query;
    return presentFiles(await this.files.list(currentOwner(), { after, limit, order, purpose, search }));
  }

  @Get(':file_id')
  @ApiOperation({ summary: 'Get a file', description: `Example: \`curl ${URL}/${ID.example}\`` })
  @ApiParam(ID)
  @ApiMissing('file')
  @ApiOkResponse({ type: FileDto, description: 'The file.' })
  async get(@Param('file_id') id: string): Promise<FileDto> {
    return presentFile(await this.files.get(currentOwner(), id));
  }

  @Delete(':file_id')
  @ApiOperation({ summary: 'Delete a file', description: `Example: \`curl -X DELETE ${URL}/${ID.example}\`` })
  @ApiParam(ID)
  @ApiMissing('file')
  @ApiOkResponse({ type: FileDeletedDto, description: 'The file is deleted.' })
  async delete(@Param('file_id') id: string): Promise<FileDeletedDto> {
    await this.files.delete(currentOwner(), id);
    return { id, object: 'file', deleted: true };
  }

  @Get(':file_id/content')
  @ApiOperation({
    summary: 'Download a file',
    description: `The bytes as they were uploaded. Example: \`curl ${URL}/${ID.example}/content\``,
  })
  @ApiParam(ID)
  @ApiMissing('file')
  // Not by ApiProduces, which would give errors the same type.
  @ApiOkResponse({
    content: { [BINARY]: { schema: { type: 'string', format: 'binary' } } },
    description: 'The content.',
  })
  async content(@Param('file_id') id: string, @Res() response: Response): Promise<void> {
    const file = await this.files.get(currentOwner(), id);
    await sendFile(response, Readable.from(this.files.content(file)), BINARY, file.filename);
  }
}
