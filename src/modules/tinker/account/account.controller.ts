import { Delete, Get, HttpCode } from '@nestjs/common';
import { ApiForbiddenResponse, ApiNoContentResponse, ApiOkResponse } from '@nestjs/swagger';
import { ErrorDto } from '../../../common/http/errors/error.dto.js';
import { OwnKey } from '../../keys/index.js';
import { OwnKeyDto, toOwnKeyDto } from './dto/account.dto.js';
import { TinkerController } from '../tinker-controller.decorator.js';

/** The key that a request comes with, for `tinker auth login` and `tinker auth logout`. */
@TinkerController('service')
export class TinkerAccountController {
  constructor(private readonly key: OwnKey) {}

  /**
   * Get this key
   * @remarks Returns the key in X-API-Key. Example: `curl http://127.0.0.1:8000/api/v1/auth/apikey/me -H "X-API-Key: $TINKER_API_KEY"`
   */
  @Get('auth/apikey/me')
  @ApiOkResponse({ type: OwnKeyDto, description: 'Id and name of the key.' })
  async describe(): Promise<OwnKeyDto> {
    return toOwnKeyDto(await this.key.describe());
  }

  /**
   * Revoke this key
   * @remarks Revokes the key in X-API-Key if it was created with `npm run keys`. Its resources stay on the server; other keys still see what it has published. Example: `curl -X DELETE http://127.0.0.1:8000/api/v1/auth/apikey/me -H "X-API-Key: $TINKER_API_KEY"`
   */
  @Delete('auth/apikey/me')
  @HttpCode(204)
  @ApiNoContentResponse({ description: 'The key is revoked.' })
  @ApiForbiddenResponse({
    type: ErrorDto,
    description: "The key is part of the server's settings, or the server requires no key.",
  })
  revoke(): Promise<void> {
    return this.key.revoke();
  }
}
