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
   * Tokens and checkpoints by the hour
   * @remarks Of completed requests of this key, by session, model and kind of request. Kept when the requests themselves are deleted. Example: `curl "http://127.0.0.1:8000/api/v1/billing/usage/events?starting_on=2026-11-23T00:00:00Z&ending_before=2026-11-24T00:00:00Z"`
   */
  @Get('billing/usage/events')
  @ApiOkResponse({ type: UsageDto, description: 'The hours that start within the period.' })
  @ApiInvalid('The period is empty or longer than 14 days.')
  events(@Query() { starting_on: from, ending_before: to }: UsageQueryDto): Promise<UsageDto> {
    return this.usage.events(from, to);
  }

  /**
   * What checkpoints take now
   * @remarks All of this key that have not expired, snapshots of sampling sessions too, by project. Example: `curl "http://127.0.0.1:8000/api/v1/billing/usage/checkpoints/current?project_id=project-1"`
   */
  @Get('billing/usage/checkpoints/current')
  @ApiOkResponse({ type: StorageDto, description: 'Usage per project.' })
  @ApiInvalid()
  async storage(@Query() { project_id: projectId }: StorageQueryDto): Promise<StorageDto> {
    return { data: await this.usage.storage(projectId) };
  }
}
