import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { AcceptsUnknownFields } from '../../../common/http/validation/accepts-unknown-fields.js';
import { BaseModelCatalog } from '../../../base-models/base-model-catalog.js';
import { type BaseModel } from '../../../base-models/base-model.js';
import { HubErrorDto } from './dto/hub.dto.js';

/** What a tokenizer is made of, and the model's configuration. Weights are not served. */
const FILES = new Set([
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
  'vocab.json',
  'vocab.txt',
  'merges.txt',
  'added_tokens.json',
  'tokenizer.model',
  'chat_template.json',
]);

const TEMPLATES = 'additional_chat_templates';

const RESOLVE = /^\/hf\/(.+?)\/resolve\/([^/]+)\/(.+)$/;
const TREE = /^\/hf\/api\/models\/(.+?)\/tree\/[^/]+(?:\/(.+))?$/;
const MODEL = /^\/hf\/api\/models\/(.+?)(?:\/revision\/[^/]+)?$/;

/**
 * Files of the base models as the Hugging Face hub serves them, so that a client with HF_ENDPOINT=<server>/hf loads
 * tokenizers from here, also those of models that no hub has.
 */
@ApiTags('hub')
@AcceptsUnknownFields()
@Controller('hf')
export class HubController {
  constructor(private readonly baseModels: BaseModelCatalog) {}

  @Get('*path')
  @ApiOperation({
    summary: 'Get configuration and tokenizer files of the base models, in the format of the Hugging Face Hub',
    description:
      '`/hf/<model>/resolve/<revision>/<file>`, `/hf/api/models/<model>` and `/hf/api/models/<model>/tree/<revision>`. ' +
      'Set HF_ENDPOINT to <server>/hf. ' +
      'Example: `curl http://127.0.0.1:8000/hf/HuggingFaceTB/SmolLM2-135M-Instruct/resolve/main/tokenizer_config.json`',
  })
  @ApiParam({
    name: 'path',
    description:
      "`<model>/resolve/<revision>/<file>`, `api/models/<model>` for the Hub's information about a model, or `api/models/<model>/tree/<revision>` for its files.",
    example: 'HuggingFaceTB/SmolLM2-135M-Instruct/resolve/main/tokenizer_config.json',
  })
  @ApiOkResponse({
    description: 'The file, information about the model, or the list of its files.',
    content: {
      'application/json': {
        schema: {
          oneOf: [
            { type: 'object', additionalProperties: true },
            { type: 'array', items: { type: 'object' } },
          ],
        },
      },
      'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
    },
  })
  @ApiNotFoundResponse({
    type: HubErrorDto,
    description:
      'The model or file does not exist; X-Error-Code (RepoNotFound, EntryNotFound) tells which, as on the Hub.',
  })
  async serve(@Req() request: Request, @Res() response: Response): Promise<void> {
    const path = decodeURIComponent(request.path);
    const [, name, , file = ''] = RESOLVE.exec(path) ?? [];
    const [, listed, folder] = TREE.exec(path) ?? [];
    const wanted = name ?? listed ?? MODEL.exec(path)?.[1];
    const model = this.baseModels.list().find((one) => one.name === wanted);
    if (!model) return refuse(response, 'RepoNotFound', `The model '${wanted ?? ''}' does not exist on this server.`);
    if (name !== undefined) return serveFile(model, file, response);
    if (listed !== undefined) return serveTree(model, folder, response);
    const siblings = (await filesOf(model)).map((rfilename) => ({ rfilename }));
    response.json({ id: model.name, modelId: model.name, sha: revisionOf(model), siblings, tags: [], private: false });
  }
}

async function serveFile(model: BaseModel, file: string, response: Response): Promise<void> {
  response.setHeader('X-Repo-Commit', revisionOf(model));
  const isServed = (await filesOf(model)).includes(file);
  const bytes = isServed ? await readFile(join(model.folder, file)).catch(() => null) : null;
  if (bytes === null)
    return refuse(response, 'EntryNotFound', `Model '${model.name}' has no file '${file}' on this server.`);
  response.setHeader('ETag', `"${blobId(bytes)}"`);
  response.type(file.endsWith('.json') ? 'application/json' : 'application/octet-stream').send(bytes);
}

/** transformers asks for the folder of additional chat templates; a folder that a model lacks is a 404 on the hub too. */
async function serveTree(model: BaseModel, folder: string | undefined, response: Response): Promise<void> {
  const paths = (await filesOf(model)).filter((path) => folder === undefined || path.startsWith(`${folder}/`));
  if (paths.length === 0) {
    return refuse(response, 'EntryNotFound', `Model '${model.name}' has no folder '${folder ?? ''}' on this server.`);
  }
  const entries = paths.map(async (path) => {
    const bytes = await readFile(join(model.folder, path));
    return { type: 'file', path, size: bytes.length, oid: blobId(bytes) };
  });
  response.json(await Promise.all(entries));
}

async function filesOf({ folder }: BaseModel): Promise<string[]> {
  const templates = await readdir(join(folder, TEMPLATES)).catch(() => []);
  const further = templates.filter((file) => file.endsWith('.jinja')).map((file) => `${TEMPLATES}/${file}`);
  return [...(await readdir(folder)).filter((file) => FILES.has(file)), ...further].sort();
}

/** Git's name of a file with these bytes, which the hub gives as ETag and as `oid`. */
function blobId(bytes: Buffer): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

/** A stand-in for a commit hash: the same for the same model. */
function revisionOf({ name, folder }: BaseModel): string {
  return createHash('sha1').update(`${name}\0${folder}`).digest('hex');
}

/** As the hub says it: its clients look at the headers, which hold no text but ASCII. */
function refuse(response: Response, code: string, message: string): void {
  response
    .status(404)
    .setHeader('X-Error-Code', code)
    .setHeader('X-Error-Message', message.replace(/[^ -~]/g, '?'))
    .json({ error: message } satisfies HubErrorDto);
}
