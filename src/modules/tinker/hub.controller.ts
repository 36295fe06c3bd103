import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { BaseModelCatalog } from '../../base-models/base-model-catalog.js';
import { type BaseModel } from '../../base-models/base-model.js';

/** What a tokenizer is made of, and the model's configuration. Weights are not served. */
const FILES = new Set([
  ...['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'],
  ...['chat_template.jinja', 'vocab.json', 'vocab.txt', 'merges.txt', 'added_tokens.json', 'tokenizer.model'],
]);

const RESOLVE = /^\/hf\/(.+?)\/resolve\/([^/]+)\/(.+)$/;
const MODEL = /^\/hf\/api\/models\/(.+?)(?:\/revision\/[^/]+)?$/;

/**
 * Files of the base models as the Hugging Face hub serves them, so that a client with HF_ENDPOINT=<server>/hf loads
 * tokenizers from here, also those of models that no hub has.
 */
@ApiTags('tinker')
@Controller('hf')
export class HubController {
  constructor(private readonly baseModels: BaseModelCatalog) {}

  @Get('*path')
  @ApiOperation({
    summary: 'Configuration and tokenizer files of the base models, as the hub serves them',
    description:
      '`/hf/<model>/resolve/<revision>/<file>` and `/hf/api/models/<model>`. Set HF_ENDPOINT to <server>/hf. ' +
      'Example: `curl http://127.0.0.1:8000/hf/HuggingFaceTB/SmolLM2-135M-Instruct/resolve/main/tokenizer_config.json`',
  })
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' } })
  async serve(@Req() { path }: Request, @Res() response: Response): Promise<void> {
    const [, name = '', , file = ''] = RESOLVE.exec(decodeURIComponent(path)) ?? [];
    if (file !== '') return this.serveFile(name, file, response);
    const model = this.find(MODEL.exec(decodeURIComponent(path))?.[1]);
    if (!model) return refuse(response, 'RepoNotFound', 'There is no such model here.');
    response.json({
      id: model.name,
      modelId: model.name,
      sha: revisionOf(model),
      siblings: [],
      tags: [],
      private: false,
    });
  }

  private async serveFile(name: string, file: string, response: Response): Promise<void> {
    const model = this.find(name);
    if (!model) return refuse(response, 'RepoNotFound', `There is no model '${name}' here.`);
    response.setHeader('X-Repo-Commit', revisionOf(model));
    const bytes = FILES.has(file) ? await readFile(join(model.folder, file)).catch(() => null) : null;
    if (bytes === null) return refuse(response, 'EntryNotFound', `Model '${name}' has no file '${file}' here.`);
    response.setHeader('ETag', `"${createHash('sha1').update(bytes).digest('hex')}"`);
    response.type(file.endsWith('.json') ? 'application/json' : 'application/octet-stream').send(bytes);
  }

  private find(name: string | undefined): BaseModel | undefined {
    return this.baseModels.list().find((model) => model.name === name);
  }
}

/** Something in the place of a commit: the same for the same model. */
function revisionOf({ name, folder }: BaseModel): string {
  return createHash('sha1').update(`${name}\0${folder}`).digest('hex');
}

/** As the hub says it: its clients look at the headers. */
function refuse(response: Response, code: string, message: string): void {
  response.status(404).setHeader('X-Error-Code', code).setHeader('X-Error-Message', message).json({ error: message });
}
