import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiInvalid } from '../../../common/http/api-docs.js';
import { invalid } from '../../../common/json/json-fields.js';
import { UsageRepository } from '../usage.repository.js';
import { toDayOfUseDto, UsageByDayDto, UsageByDayQueryDto } from './usage.dto.js';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 7;
const MAX_DAYS = 31;

/** What each key has used, for operators: the key gate lets nobody else come to /admin. */
@ApiTags('admin')
@Controller('admin/usage')
export class AllUsageController {
  constructor(private readonly usage: UsageRepository) {}

  @Get()
  @ApiOperation({
    summary: 'Get the usage of keys by day',
    description:
      `Returns the usage of completed requests by key and day (UTC), over at most ${MAX_DAYS} days. Requires one of ADMIN_KEYS. ` +
      'Example: `curl http://127.0.0.1:8000/admin/usage`',
  })
  @ApiInvalid(`The period is empty or longer than ${MAX_DAYS} days.`)
  @ApiOkResponse({ type: UsageByDayDto, description: 'The usage.' })
  async list(@Query() { owner, from, to }: UsageByDayQueryDto): Promise<UsageByDayDto> {
    const end = to === undefined ? new Date(Math.ceil(Date.now() / DAY_MS) * DAY_MS) : new Date(to);
    const begin = from === undefined ? new Date(end.getTime() - DEFAULT_DAYS * DAY_MS) : new Date(from);
    const days = (end.getTime() - begin.getTime()) / DAY_MS;
    if (days <= 0) throw invalid('from', 'is not before to.', 'Pass an earlier time.');
    if (days > MAX_DAYS)
      throw invalid('from', `is more than ${MAX_DAYS} days before to.`, 'Ask for one month at a time.');
    return { usage: (await this.usage.sumByDay(begin, end, owner)).map(toDayOfUseDto) };
  }
}
