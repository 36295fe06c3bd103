import { Controller, Get, Req, Res, UseGuards } from '@nestjs/common';
import { ApiForbiddenResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Registry } from 'prom-client';
import { ErrorDto } from '../../common/http/errors/error.dto.js';
import { MetricsGuard } from './metrics.guard.js';
import { MetricsService } from './metrics.service.js';
import { OPEN_METRICS_TYPE, toOpenMetrics } from './open-metrics.js';

const TEXT = { type: 'string', example: '# TYPE thinker_workers_alive gauge\nthinker_workers_alive 1\n' } as const;

@ApiTags('service')
@Controller()
@UseGuards(MetricsGuard)
export class MetricsController {
  constructor(private readonly metrics: MetricsService) {}

  /**
   * Get metrics for Prometheus
   * @remarks In the text format, or as OpenMetrics if the Accept header asks for it. Requires METRICS_KEY or one of ADMIN_KEYS once any key exists; see docs/operations.md. Example: `curl http://127.0.0.1:8000/metrics`
   */
  @Get('metrics')
  @ApiOkResponse({
    description: 'The metrics.',
    // Not by ApiProduces, which would give errors the same types.
    content: { 'text/plain': { schema: TEXT }, 'application/openmetrics-text': { schema: TEXT } },
  })
  @ApiForbiddenResponse({
    type: ErrorDto,
    description: 'The server has no keys, and the request comes from another machine.',
  })
  async read(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<string> {
    const text = await this.metrics.text();
    const isOpen = request.accepts([Registry.PROMETHEUS_CONTENT_TYPE, OPEN_METRICS_TYPE]) === OPEN_METRICS_TYPE;
    response.setHeader('Content-Type', isOpen ? OPEN_METRICS_TYPE : Registry.PROMETHEUS_CONTENT_TYPE);
    return isOpen ? toOpenMetrics(text) : text;
  }
}
