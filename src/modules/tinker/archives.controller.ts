import { Get, Param, Res } from '@nestjs/common';
import { ApiOkResponse, ApiParam, ApiProduces } from '@nestjs/swagger';
import type { Response } from 'express';
import { sendFile } from '../checkpoints/index.js';
import { ArchiveLinks } from './archive-links.js';
import { TinkerController } from './tinker.controller-kind.js';

const TAR = 'application/x-tar';

/** Downloads by signed address. */
@TinkerController()
export class TinkerArchivesController {
  constructor(private readonly links: ArchiveLinks) {}

  /**
   * Download a checkpoint by a signed address
   * @remarks A tar with adapter_config.json, adapter_model.safetensors and checkpoint_complete. GET .../archive gives the address. Example: `curl -o step-10.tar "http://127.0.0.1:8000/api/v1/archives/TOKEN"`
   */
  @Get('archives/:token')
  @ApiParam({ name: 'token', example: 'WyJjaGVja3BvaW50XzAxSiIsMV0.c2lnbmF0dXJl' })
  @ApiProduces(TAR)
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' } })
  async download(@Param('token') token: string, @Res() response: Response): Promise<void> {
    await sendFile(response, await this.links.open(token), TAR, 'checkpoint.tar');
  }
}
