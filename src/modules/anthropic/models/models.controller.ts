import { Get, Next, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { NextFunction, Request, Response } from 'express';
import { BaseModelCatalog } from '../../../base-models/base-model-catalog.js';
import { isAnthropicRequest } from '../../../common/http/anthropic-error-body.js';
import { type AdapterEntity, AdaptersService } from '../../adapters/index.js';
import { type AliasVersionEntity, AliasesService } from '../../aliases/index.js';
import { AnthropicController } from '../anthropic-controller.decorator.js';
import { type AnthropicModelDto } from './model.dto.js';
import { readModelPage } from './model-page.reader.js';
import { presentAdapter, presentAlias, presentBaseModel, presentPage } from './models.presenter.js';

/**
 * OpenAI and Anthropic list models under the same addresses: requests that do not name Anthropic's version of the API are
 * passed on to OpenAI's routes, which also describe these.
 */
@ApiExcludeController()
@AnthropicController()
export class AnthropicModelsController {
  constructor(
    private readonly adapters: AdaptersService,
    private readonly aliases: AliasesService,
    private readonly baseModels: BaseModelCatalog,
  ) {}

  @Get('models')
  async list(@Req() request: Request, @Res() response: Response, @Next() next: NextFunction): Promise<void> {
    if (!isAnthropicRequest(request)) return next();
    const [adapters, aliases] = await Promise.all([this.adapters.listAll(), this.aliases.list()]);
    const models = [
      ...this.baseModels.list().map((model) => presentBaseModel(model)),
      ...adapters.map((adapter) => this.present(adapter)),
      ...aliases.map((alias) => this.presentAlias(alias)),
    ];
    const names = models.map(({ id }) => id);
    response.json(presentPage(models, readModelPage(request.query, names)));
  }

  // Names of base models contain a slash, which some clients send as it is.
  @Get('models/*model')
  async get(
    @Param('model') path: string | readonly string[],
    @Req() request: Request,
    @Res() response: Response,
    @Next() next: NextFunction,
  ): Promise<void> {
    if (!isAnthropicRequest(request)) return next();
    const name = typeof path === 'string' ? path : path.join('/');
    response.json(await this.find(name));
  }

  private async find(name: string): Promise<AnthropicModelDto> {
    if (this.adapters.isBaseModel(name)) return presentBaseModel(this.adapters.baseModel(name), name);
    const alias = await this.aliases.find(name);
    return alias ? this.presentAlias(alias) : this.present(await this.adapters.get(name, 'model'));
  }

  private presentAlias(alias: AliasVersionEntity): AnthropicModelDto {
    return presentAlias(alias, this.baseModels.get(alias.baseModel));
  }

  private present(adapter: AdapterEntity): AnthropicModelDto {
    return presentAdapter(adapter, this.baseModels.get(adapter.baseModel));
  }
}
