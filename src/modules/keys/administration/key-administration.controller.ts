import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiInvalid, ApiMissing, ApiPatch, ApiPost } from '../../../common/http/api-docs.js';
import { nextCursor } from '../../../common/pages/next-cursor.js';
import { KeyAdministrationService } from './key-administration.service.js';
import {
  ChangeKeyDto,
  CreatedKeyDto,
  CreateKeyDto,
  DEFAULT_KEYS_LIMIT,
  KeyDto,
  KeyListDto,
  ListKeysDto,
  readKeyChange,
  readNewKey,
  RevokedKeyDto,
  toKeyDto,
} from './key.dto.js';

const ID = { name: 'key_id', example: 'key_0123456789abcdef', description: 'Id of the key.' };
const URL = 'http://127.0.0.1:8000/admin/keys';

/** API keys, for operators: the key gate lets nobody else come to /admin. */
@ApiTags('admin')
@Controller('admin/keys')
export class KeyAdministrationController {
  constructor(private readonly keys: KeyAdministrationService) {}

  @Post()
  @ApiPost('admin/keys', {
    summary: 'Create an API key',
    description:
      'Returns the key itself in `secret`, this once: the server stores only its hash. Without `scopes`, it may do ' +
      'everything except administer the server. Requires one of ADMIN_KEYS.',
    type: CreateKeyDto,
    examples: {
      'a key for inference': { name: 'web shop', scopes: ['sample'] },
      'a key that expires': { name: 'workshop', expires_at: '2030-01-31T00:00:00Z' },
    },
  })
  @ApiCreatedResponse({ type: CreatedKeyDto, description: 'The key is created and can be used immediately.' })
  async create(@Body() body: CreateKeyDto): Promise<CreatedKeyDto> {
    const { record, secret } = await this.keys.create(readNewKey(body));
    return { ...toKeyDto(record), secret };
  }

  @Get()
  @ApiOperation({
    summary: 'List API keys',
    description:
      'Returns the keys that were created here or with `npm run keys`, revoked ones included, newest first and page by ' +
      `page. Keys of API_KEYS and ADMIN_KEYS are not listed. Requires one of ADMIN_KEYS. Example: \`curl ${URL}\``,
  })
  @ApiInvalid()
  @ApiOkResponse({ type: KeyListDto, description: 'A page of results.' })
  async list(@Query() { limit = DEFAULT_KEYS_LIMIT, cursor }: ListKeysDto): Promise<KeyListDto> {
    const keys = await this.keys.list(limit, cursor);
    return { keys: keys.map(toKeyDto), next_cursor: nextCursor(keys, limit, ({ id }) => id) };
  }

  @Get(':key_id')
  @ApiOperation({
    summary: 'Get an API key',
    description: `Requires one of ADMIN_KEYS. Example: \`curl ${URL}/key_0123456789abcdef\``,
  })
  @ApiParam(ID)
  @ApiMissing('key')
  @ApiOkResponse({ type: KeyDto, description: 'The key, without its secret.' })
  async get(@Param('key_id') id: string): Promise<KeyDto> {
    return toKeyDto(await this.keys.get(id));
  }

  @Patch(':key_id')
  @ApiPatch('admin/keys/key_0123456789abcdef', {
    summary: 'Change an API key',
    description:
      'Renames the key, or changes its scopes, priority or expiry. Omitted fields are not changed. Takes effect ' +
      'immediately; processes that have lost their connection for notifications follow within 5 seconds. Requires one of ADMIN_KEYS.',
    type: ChangeKeyDto,
    examples: { 'for inference only': { scopes: ['sample'] }, 'another name': { name: 'bob' } },
  })
  @ApiParam(ID)
  @ApiMissing('key')
  @ApiOkResponse({ type: KeyDto, description: 'The key as it is now.' })
  async change(@Param('key_id') id: string, @Body() body: ChangeKeyDto): Promise<KeyDto> {
    return toKeyDto(await this.keys.change(id, readKeyChange(body)));
  }

  @Delete(':key_id')
  @ApiOperation({
    summary: 'Revoke an API key',
    description:
      'The key is refused from now on; processes that have lost their connection for notifications follow within ' +
      '5 seconds. Its adapters and files stay; POST /admin/hand_over gives them to another key. ' +
      `Requires one of ADMIN_KEYS. Example: \`curl -X DELETE ${URL}/key_0123456789abcdef\``,
  })
  @ApiParam(ID)
  @ApiMissing('key')
  @ApiOkResponse({ type: RevokedKeyDto, description: 'The key is revoked.' })
  async revoke(@Param('key_id') id: string): Promise<RevokedKeyDto> {
    await this.keys.revoke(id);
    return { id, status: 'revoked' };
  }
}
