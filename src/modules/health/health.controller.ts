import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { AcceptsUnknownFields } from '../../common/http/validation/accepts-unknown-fields.js';
import { VERSION } from '../../common/version.js';
import { AppConfig } from '../../config/app-config.js';
import { LivenessDto, ReadinessDto } from './dto/health.dto.js';
import { ReadinessService } from './readiness.service.js';

@ApiTags('service')
@AcceptsUnknownFields()
@Controller()
export class HealthController {
  constructor(
    private readonly config: AppConfig,
    private readonly readiness: ReadinessService,
  ) {}

  /**
   * Check liveness
   * @remarks Checks nothing else. Example: `curl http://127.0.0.1:8000/healthz`
   */
  @Get('healthz')
  @ApiOkResponse({ type: LivenessDto, description: 'The process is alive.' })
  live(): LivenessDto {
    return { status: 'ok', version: VERSION, role: this.config.role, uptime_s: Math.floor(process.uptime()) };
  }

  /**
   * Check readiness
   * @remarks Checks database, queue, worker and engine. Example: `curl http://127.0.0.1:8000/readyz`
   */
  @Get('readyz')
  @ApiOkResponse({ type: ReadinessDto, description: 'The service is ready.' })
  @ApiServiceUnavailableResponse({ type: ReadinessDto, description: 'The service is not ready; `checks` states why.' })
  async ready(@Res({ passthrough: true }) response: Response): Promise<ReadinessDto> {
    const { ready, checks } = await this.readiness.check();
    if (!ready) response.status(503);
    return { status: ready ? 'ready' : 'not_ready', checks };
  }
}
