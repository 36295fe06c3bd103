import { Controller, Get, HttpCode, Req, Res } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiFoundResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { CONSOLE } from '../../common/http/access/page-guard.js';
import { AcceptsUnknownFields } from '../../common/http/validation/accepts-unknown-fields.js';
import { VERSION } from '../../common/version.js';
import { AppConfig } from '../../config/app-config.js';
import { ApiMapDto } from './dto/health.dto.js';

const PROBES = { health: '/healthz', ready: '/readyz' };
const WORKER = 'This is a worker: it runs the operations that an API process (ROLE=api) accepts. Send requests there.';

@ApiTags('service')
@AcceptsUnknownFields()
@Controller()
export class RootController {
  constructor(private readonly config: AppConfig) {}

  /**
   * Get name, version and documentation
   * @remarks Redirects browsers to the web console. Example: `curl http://127.0.0.1:8000/`
   */
  @Get()
  @ApiOkResponse({ type: ApiMapDto, description: 'Name, version and links to the documentation.' })
  @ApiFoundResponse({ description: 'A browser is redirected to the web console.' })
  answer(@Req() request: Request, @Res() response: Response): void {
    const isBrowser = request.accepts(['json', 'html']) === 'html';
    response.vary('Accept');
    if (this.config.servesApi && isBrowser) response.redirect(302, CONSOLE);
    else response.json(this.map());
  }

  private map(): ApiMapDto {
    const { role, servesApi } = this.config;
    if (!servesApi) return { name: 'Thinker', version: VERSION, role, links: PROBES, pattern: WORKER };
    return {
      name: 'Thinker',
      version: VERSION,
      role,
      links: {
        console: CONSOLE,
        docs: '/docs',
        openapi: '/docs-json',
        queues: '/admin/queues',
        futures: '/futures',
        ...PROBES,
      },
      pattern:
        'POST a request, which returns a request_id, and POST it to /retrieve_future until the result is available.',
    };
  }

  @Get('favicon.ico')
  @HttpCode(204)
  @ApiExcludeEndpoint()
  icon(): void {
    // Browsers ask for one; there is none.
  }
}
