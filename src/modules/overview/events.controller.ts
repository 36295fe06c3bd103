import { Controller, Get, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { currentOwner } from '../../common/caller.js';
import { ApiEvents } from '../../common/http/api-docs.js';
import { ClientSignal } from '../../common/http/requests/client-signal.decorator.js';
import { ApiKeys } from '../keys/index.js';
import { OverviewDto } from './dto/overview.dto.js';
import { SettledEventDto } from './dto/settled-event.dto.js';
import { EventsStream } from './events.stream.js';

@ApiTags('service')
@Controller('events')
export class EventsController {
  constructor(
    private readonly stream: EventsStream,
    private readonly keys: ApiKeys,
  ) {}

  /**
   * Follow what happens
   * @remarks Server-sent events: `settled` whenever operations of yours have completed or failed, and `overview`, the response of GET /overview, every two seconds. Example: `curl -N http://127.0.0.1:8000/events`
   */
  @Get()
  @ApiEvents([SettledEventDto, OverviewDto], 'Events, as long as the connection lasts.')
  follow(@ClientSignal() signal: AbortSignal, @Res() response: Response): Promise<void> {
    const owner = currentOwner();
    return this.stream.write({ owner, isOperator: this.keys.isOperator(owner) }, signal, response);
  }
}
