import { Delete, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam } from '@nestjs/swagger';
import { InvalidRequestError } from '../../../common/errors/request.errors.js';
import { ApiMissing } from '../../../common/http/api-docs.js';
import { AdaptersService } from '../../adapters/index.js';
import { ModelDirectory } from '../../generation/index.js';
import { OpenAiController } from '../openai-controller.decorator.js';
import { OpenAiModelDeletedDto, OpenAiModelDto, OpenAiModelListDto } from './model.dto.js';
import { presentModel } from './models.presenter.js';

/** The routes of that dialect take precedence; they have no description of their own, as one address can have only one. */
const ANTHROPIC = "With the header `anthropic-version`, the response has Anthropic's format.";
const NAME = { name: 'model', example: 'my-model', description: 'Name of an adapter, an alias or a base model.' };

@OpenAiController()
export class OpenAiModelsController {
  constructor(
    private readonly adapters: AdaptersService,
    private readonly directory: ModelDirectory,
  ) {}

  @Get('models')
  @ApiOperation({
    summary: 'List models',
    description: `${ANTHROPIC} Example: \`curl http://127.0.0.1:8000/v1/models\``,
  })
  @ApiOkResponse({ type: OpenAiModelListDto, description: 'All models that you can sample from.' })
  async list(): Promise<OpenAiModelListDto> {
    const data = (await this.directory.list()).map((model) => presentModel(model));
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
    return presentModel(await this.directory.get(nameOf(path)));
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
    const { kind, parent } = await this.directory.get(id);
    if (kind === 'alias') {
      const remedy = `DELETE /aliases/${id} deletes the alias; what it stands for has a name of its own.`;
      throw new InvalidRequestError(`'${id}' is an alias of '${parent}'. ${remedy}`, { field: 'model', remedy });
    }
    await this.adapters.delete(id);
    return { id, object: 'model', deleted: true };
  }
}

/** A route with a wildcard gets the segments of the path. */
function nameOf(path: string | readonly string[]): string {
  return typeof path === 'string' ? path : path.join('/');
}
