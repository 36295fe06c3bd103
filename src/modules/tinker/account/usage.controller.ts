import { Get, Query } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse } from '@nestjs/swagger';
import { ApiInvalid } from '../../../common/http/api-docs.js';
import { StorageDto, StorageQueryDto, UsageDto, UsageQueryDto, UsageSessionDto } from './dto/usage.dto.js';
import { TinkerUsage } from './usage.presenter.js';
import { TinkerController } from '../tinker-controller.decorator.js';

/** What was used. A self-hosted server has no prices, so amounts have none. */
@TinkerController('records')
@ApiExtraModels(UsageSessionDto)
export class TinkerUsageController {
  constructor(private readonly usage: TinkerUsage) {}

  /**
   * Get usage by hour
   * @remarks Returns the usage of completed requests of this key, by session, model and kind of request. It is kept when the requests themselves are deleted. Example: `curl "http://127.0.0.1:8000/api/v1/billing/usage/events?starting_on=2026-11-23T00:00:00Z&ending_before=2026-11-24T00:00:00Z"`
   */
  @Get('billing/usage/events')
  @ApiOkResponse({ type: UsageDto, description: 'The hours that start within the period.' })
  @ApiInvalid('The period is empty or longer than 14 days.')
  events(@Query() { starting_on: from, ending_before: to }: UsageQueryDto): Promise<UsageDto> {
    return this.usage.events(from, to);
  }

  /**
   * Get the storage of checkpoints
   * @remarks Returns the size of the unexpired checkpoints of this key, including those of sampling sessions, by project. Example: `curl "http://127.0.0.1:8000/api/v1/billing/usage/checkpoints/current?project_id=project-1"`
   */
  @Get('billing/usage/checkpoints/current')
  @ApiOkResponse({ type: StorageDto, description: 'Usage per project.' })
  @ApiInvalid()
  async storage(@Query() { project_id: projectId }: StorageQueryDto): Promise<StorageDto> {
    return { data: await this.usage.storage(projectId) };
  }
}
