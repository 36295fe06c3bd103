import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { currentOwner } from '../../common/caller.js';
import { ApiKeys } from '../keys/index.js';
import { OverviewDto } from './dto/overview.dto.js';
import { presentOverview } from './overview.presenter.js';
import { OverviewService } from './overview.service.js';

@ApiTags('service')
@Controller('overview')
export class OverviewController {
  constructor(
    private readonly overview: OverviewService,
    private readonly keys: ApiKeys,
  ) {}

  /**
   * Get an overview of the service
   * @remarks Returns workers, pending operations with reasons, tokens per second, adapters and memory, of all keys for operators, otherwise of your own key. GET /events sends it every two seconds. Example: `curl http://127.0.0.1:8000/overview`
   */
  @Get()
  @ApiOkResponse({ type: OverviewDto, description: 'The overview.' })
  async get(): Promise<OverviewDto> {
    const owner = currentOwner();
    const isOperator = this.keys.isOperator(owner);
    return presentOverview(await this.overview.describe(isOperator ? undefined : owner), isOperator);
  }
}
