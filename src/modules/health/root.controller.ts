import { Controller, Get, HttpCode } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { VERSION } from '../../common/version.js';
import { ApiMapDto } from './dto/health.dto.js';

@ApiTags('service')
@Controller()
export class RootController {
  /**
   * What this is and where to read on
   * @remarks Example: `curl http://127.0.0.1:8000/`
   */
  @Get()
  @ApiOkResponse({ type: ApiMapDto, description: 'Where to read on.' })
  map(): ApiMapDto {
    return {
      name: 'Thinker',
      version: VERSION,
      links: {
        docs: '/docs',
        openapi: '/docs-json',
        queues: '/admin/queues',
        futures: '/futures',
        health: '/healthz',
        ready: '/readyz',
      },
      pattern: 'POST a request, get a request_id, POST /retrieve_future with it until the result is there.',
    };
  }

  @Get('favicon.ico')
  @HttpCode(204)
  @ApiExcludeEndpoint()
  icon(): void {
    // Browsers ask for one; there is none.
  }
}
