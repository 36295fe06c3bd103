import { Get, Param, Res } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiParam } from '@nestjs/swagger';
import type { Response } from 'express';
import { runAs } from '../../../common/caller.js';
import { ErrorDto } from '../../../common/http/errors/error.dto.js';
import { sendFile } from '../../../common/http/responses/send-file.js';
import { DownloadLinks } from './download-links.js';
import { SessionTrace } from '../records/session-trace.js';
import { TinkerController } from '../tinker-controller.decorator.js';

const TAR = 'application/x-tar';
const BYTES = 'application/octet-stream';
const FILE = { schema: { type: 'string', format: 'binary' } };
const EXPIRED = { type: ErrorDto, description: 'The URL is invalid or has expired.' };

/** Downloads by signed address. */
@TinkerController('runs')
export class TinkerDownloadsController {
  constructor(
    private readonly links: DownloadLinks,
    private readonly traces: SessionTrace,
  ) {}

  /**
   * Download a checkpoint by a signed URL
   * @remarks A tar archive with adapter_config.json, adapter_model.safetensors and checkpoint_complete. GET .../archive returns the URL. Example: `curl -o step-10.tar "http://127.0.0.1:8000/api/v1/archives/TOKEN"`
   */
  @Get('archives/:token')
  @ApiParam({
    name: 'token',
    example: 'WyJjaGVja3BvaW50XzAxSiIsMV0.c2lnbmF0dXJl',
    description: 'Signed token: the checkpoint and the expiry time.',
  })
  @ApiOkResponse({ description: 'The tar archive.', content: { [TAR]: FILE } })
  @ApiNotFoundResponse(EXPIRED)
  async archive(@Param('token') token: string, @Res() response: Response): Promise<void> {
    await sendFile(response, await this.links.openArchive(token), TAR, 'checkpoint.tar');
  }

  /**
   * Download one file of a checkpoint by a signed URL
   * @remarks GET .../external_weights_urls returns the URLs. Example: `curl -o adapter_config.json "http://127.0.0.1:8000/api/v1/files/TOKEN"`
   */
  @Get('files/:token')
  @ApiParam({
    name: 'token',
    example: 'WyJjaGVja3BvaW50XzAxSi9hZGFwdGVyX2NvbmZpZy5qc29uIiwxXQ.c2lnbmF0dXJl',
    description: 'Signed token: the file and the expiry time.',
  })
  @ApiOkResponse({ description: 'The file.', content: { [BYTES]: FILE } })
  @ApiNotFoundResponse(EXPIRED)
  async file(@Param('token') token: string, @Res() response: Response): Promise<void> {
    const { name, bytes } = await this.links.openFile(token);
    response
      .attachment(name)
      .type(BYTES)
      .send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  /**
   * Download the trace of a session by a signed URL
   * @remarks Chrome trace JSON: when each request waited and ran, for https://ui.perfetto.dev. GET .../trace_export returns the URL. Example: `curl -o session.pftrace "http://127.0.0.1:8000/api/v1/traces/TOKEN"`
   */
  @Get('traces/:token')
  @ApiParam({
    name: 'token',
    example: 'WyJ0cmFjZS8vc2Vzc2lvbl8wMUoiLDFd.c2lnbmF0dXJl',
    description: 'Signed token: the session and the expiry time.',
  })
  @ApiOkResponse({ schema: { type: 'object', additionalProperties: true }, description: 'The trace.' })
  @ApiNotFoundResponse(EXPIRED)
  async trace(@Param('token') token: string): Promise<object> {
    const { owner, sessionId } = await this.links.openTrace(token);
    return runAs(owner, () => this.traces.build(sessionId));
  }
}
