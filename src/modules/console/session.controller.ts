import { Controller, Delete, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { currentOwner, NO_OWNER } from '../../common/caller.js';
import { VERSION } from '../../common/version.js';
import { ApiKeys, KeySessions, OwnKey } from '../keys/index.js';
import { SessionDto, SessionEndedDto } from './session.dto.js';

/** Sessions of the web console. The key gate has looked at the key, or at the cookie, before. */
@ApiTags('console')
@Controller('console/session')
export class SessionController {
  constructor(
    private readonly sessions: KeySessions,
    private readonly keys: ApiKeys,
    private readonly ownKey: OwnKey,
  ) {}

  /**
   * Log in to the web console
   * @remarks Exchanges a key for a cookie (HttpOnly, SameSite=Strict) that is valid for 12 hours. With the cookie,
   * requests that change something need the header X-Thinker-Console as well. A revoked key ends its sessions.
   * Example: `curl -c cookies.txt -X POST http://127.0.0.1:8000/console/session -H "X-API-Key: tml-..."`
   */
  @Post()
  @HttpCode(200)
  @ApiOkResponse({ type: SessionDto, description: 'The session has begun; Set-Cookie contains it.' })
  async begin(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<SessionDto> {
    const owner = currentOwner();
    if (owner !== NO_OWNER) {
      const { name, value, options } = await this.sessions.begin(owner, request);
      response.cookie(name, value, options);
    }
    return this.describe();
  }

  /**
   * Get the session of the web console
   * @remarks The key of the session. Example: `curl -b cookies.txt http://127.0.0.1:8000/console/session`
   */
  @Get()
  @ApiOkResponse({ type: SessionDto, description: 'The key of the session.' })
  async describe(): Promise<SessionDto> {
    const { id, name, scopes } = await this.ownKey.describe();
    return {
      key_id: id,
      key_name: name,
      asks_for_key: id !== NO_OWNER,
      is_operator: this.keys.isOperator(id),
      scopes: [...scopes],
      version: VERSION,
    };
  }

  /**
   * Log out of the web console
   * @remarks Example: `curl -b cookies.txt -X DELETE http://127.0.0.1:8000/console/session -H "X-Thinker-Console: 1"`
   */
  @Delete()
  @ApiOkResponse({ type: SessionEndedDto, description: 'The cookie is deleted.' })
  end(@Req() request: Request, @Res({ passthrough: true }) response: Response): SessionEndedDto {
    const { name, value, options } = this.sessions.end(request);
    response.cookie(name, value, options);
    return { status: 'ended' };
  }
}
