import { Get, Next, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { NextFunction, Request, Response } from 'express';
import { isAnthropicRequest } from '../../../common/http/errors/anthropic-error-body.js';
import { ModelDirectory } from '../../generation/index.js';
import { AnthropicController } from '../anthropic-controller.decorator.js';
import { readModelPage } from './model-page.reader.js';
import { presentModel, presentPage } from './models.presenter.js';

/**
 * OpenAI and Anthropic list models under the same addresses: requests that do not name Anthropic's version of the API are
 * passed on to OpenAI's routes, which also describe these.
 */
@ApiExcludeController()
@AnthropicController()
export class AnthropicModelsController {
  constructor(private readonly directory: ModelDirectory) {}

  @Get('models')
  async list(@Req() request: Request, @Res() response: Response, @Next() next: NextFunction): Promise<void> {
    if (!isAnthropicRequest(request)) return next();
    const models = (await this.directory.list()).map((model) => presentModel(model));
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
    response.json(presentModel(await this.directory.get(name)));
  }
}
