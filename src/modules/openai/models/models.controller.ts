import { Delete, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam } from '@nestjs/swagger';
import { BaseModelCatalog } from '../../../base-models/base-model-catalog.js';
import { InvalidRequestError } from '../../../common/errors/request.errors.js';
import { ApiMissing } from '../../../common/http/api-docs.js';
import { type AdapterEntity, AdaptersService } from '../../adapters/index.js';
import { type AliasVersionEntity, AliasesService } from '../../aliases/index.js';
import { OpenAiController } from '../openai-controller.decorator.js';
import { OpenAiModelDeletedDto, OpenAiModelDto, OpenAiModelListDto } from './model.dto.js';
import { presentAdapter, presentAlias, presentBaseModel } from './models.presenter.js';

/** The routes of that dialect take precedence; they have no description of their own, as one address can have only one. */
const ANTHROPIC = "With the header `anthropic-version`, the answer has Anthropic's form.";
const NAME = { name: 'model', example: 'my-model', description: 'Name of an adapter, an alias or a base model.' };

@OpenAiController()
export class OpenAiModelsController {
  constructor(
    private readonly adapters: AdaptersService,
    private readonly aliases: AliasesService,
    private readonly baseModels: BaseModelCatalog,
  ) {}

  @Get('models')
  @ApiOperation({
    summary: 'List models',
    description: `${ANTHROPIC} Example: \`curl http://127.0.0.1:8000/v1/models\``,
  })
  @ApiOkResponse({ type: OpenAiModelListDto, description: 'All models that you can sample from.' })
  async list(): Promise<OpenAiModelListDto> {
    const [adapters, aliases] = await Promise.all([this.adapters.listAll(), this.aliases.list()]);
    const data = [
      ...this.baseModels.list().map((model) => presentBaseModel(model)),
      ...adapters.map((adapter) => this.present(adapter)),
      ...aliases.map((alias) => this.presentAlias(alias)),
    ];
    return { object: 'list', data };
  }

  // Names of base models contain a slash, which some clients send as it is.
  @Get('models/*model')
  @ApiOperation({
    summary: 'Get a model',
    description: `${ANTHROPIC} Example: \`curl http://127.0.0.1:8000/v1/models/my-model\``,
  })
  @ApiParam(NAME)
  @ApiMissing('model')
  @ApiOkResponse({ type: OpenAiModelDto, description: 'The model.' })
  async get(@Param('model') path: string | readonly string[]): Promise<OpenAiModelDto> {
    const name = nameOf(path);
    if (this.adapters.isBaseModel(name)) return presentBaseModel(this.adapters.baseModel(name), name);
    const alias = await this.aliases.find(name);
    return alias ? this.presentAlias(alias) : this.present(await this.adapters.get(name, 'model'));
  }

  @Delete('models/*model')
  @ApiOperation({
    summary: 'Delete an adapter',
    description: 'As DELETE /adapters/{model_id}. Example: `curl -X DELETE http://127.0.0.1:8000/v1/models/my-model`',
  })
  @ApiParam(NAME)
  @ApiMissing('model')
  @ApiOkResponse({ type: OpenAiModelDeletedDto, description: 'The adapter is deleted.' })
  async delete(@Param('model') path: string | readonly string[]): Promise<OpenAiModelDeletedDto> {
    const id = nameOf(path);
    if (this.adapters.isBaseModel(id)) {
      const remedy = 'Only adapters can be deleted.';
      throw new InvalidRequestError(`'${id}' is a base model. ${remedy}`, { field: 'model', remedy });
    }
    await this.adapters.get(id, 'model');
    await this.adapters.delete(id);
    return { id, object: 'model', deleted: true };
  }

  private presentAlias(alias: AliasVersionEntity): OpenAiModelDto {
    return presentAlias(alias, this.baseModels.get(alias.baseModel));
  }

  private present(adapter: AdapterEntity): OpenAiModelDto {
    return presentAdapter(adapter, this.baseModels.get(adapter.baseModel));
  }
}

/** A route with a wildcard gets the segments of the path. */
function nameOf(path: string | readonly string[]): string {
  return typeof path === 'string' ? path : path.join('/');
}
