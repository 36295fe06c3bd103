import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ApiMissing, ApiPut } from '../../common/http/api-docs.js';
import { ErrorDto } from '../../common/http/errors/error.dto.js';
import { presentAlias, presentVersion } from './aliases.presenter.js';
import { AliasesService } from './aliases.service.js';
import { AliasDeletedDto, AliasDto, AliasListDto, AliasWithHistoryDto, SetAliasDto } from './dto/alias.dto.js';

const NAME = { name: 'alias', example: 'my-alias', description: 'Name of the alias.' };
const URL = 'http://127.0.0.1:8000/aliases';

@ApiTags('aliases')
@Controller('aliases')
export class AliasesController {
  constructor(private readonly aliases: AliasesService) {}

  @Put(':alias')
  @ApiPut('aliases/my-alias', {
    summary: 'Set the target of an alias',
    description:
      'Creates the alias, or points it at another target without a comparison. Requests can name an alias ' +
      'wherever they name a model to sample from.',
    type: SetAliasDto,
    examples: { 'an adapter': { target: 'my-model' }, 'the base model': { target: 'base' } },
  })
  @ApiParam(NAME)
  @ApiMissing('target')
  @ApiResponse({ status: 409, type: ErrorDto, description: 'An adapter has this name.' })
  @ApiOkResponse({ type: AliasDto, description: 'The alias.' })
  async set(@Param('alias') name: string, @Body() { target }: SetAliasDto): Promise<AliasDto> {
    return presentAlias(await this.aliases.set(name, target));
  }

  @Get()
  @ApiOperation({ summary: 'List aliases', description: `Your aliases by name. Example: \`curl ${URL}\`` })
  @ApiOkResponse({ type: AliasListDto, description: 'All of your aliases.' })
  async list(): Promise<AliasListDto> {
    const aliases = await this.aliases.list();
    return { aliases: aliases.map((alias) => presentAlias(alias)) };
  }

  @Get(':alias')
  @ApiOperation({
    summary: 'Get an alias',
    description: `Returns the alias with all of its versions. Example: \`curl ${URL}/my-alias\``,
  })
  @ApiParam(NAME)
  @ApiMissing('alias')
  @ApiOkResponse({ type: AliasWithHistoryDto, description: 'The alias and its history.' })
  async get(@Param('alias') name: string): Promise<AliasWithHistoryDto> {
    const alias = await this.aliases.get(name);
    const versions = await this.aliases.history(name);
    return { ...presentAlias(alias), history: versions.map((version) => presentVersion(version)) };
  }

  @Post(':alias/rollback')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Roll an alias back',
    description:
      'Points the alias at its previous target, as a new version; called again, at the one before that. ' +
      `Example: \`curl -X POST ${URL}/my-alias/rollback\``,
  })
  @ApiParam(NAME)
  @ApiMissing('alias')
  @ApiResponse({ status: 409, type: ErrorDto, description: 'There is no earlier target.' })
  @ApiOkResponse({ type: AliasDto, description: 'The alias.' })
  async rollBack(@Param('alias') name: string): Promise<AliasDto> {
    return presentAlias(await this.aliases.rollBack(name));
  }

  @Delete(':alias')
  @ApiOperation({
    summary: 'Delete an alias',
    description: `Its target is not changed. Example: \`curl -X DELETE ${URL}/my-alias\``,
  })
  @ApiParam(NAME)
  @ApiMissing('alias')
  @ApiOkResponse({ type: AliasDeletedDto, description: 'The alias and its history are deleted.' })
  async delete(@Param('alias') name: string): Promise<AliasDeletedDto> {
    await this.aliases.delete(name);
    return { name, status: 'deleted' };
  }
}
