import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ApiMissing, ApiPost } from '../../../common/http/api-docs.js';
import { ClientSignal } from '../../../common/http/requests/client-signal.decorator.js';
import { ErrorDto } from '../../../common/http/errors/error.dto.js';
import { invalid } from '../../../common/json/json-fields.js';
import { readExport } from '../export.reader.js';
import { PushAdapterDto, PushedDto } from './push.dto.js';
import { PushesService } from './pushes.service.js';

@ApiTags('adapters')
@Controller('adapters')
export class PushesController {
  constructor(private readonly pushes: PushesService) {}

  @Post(':model_id/push')
  @HttpCode(200)
  @ApiPost('adapters/my-model/push', {
    summary: 'Push an adapter to the Hugging Face hub',
    description:
      'Exports the adapter, as GET /adapters/{model_id}/export does, and writes the files with a model card to a repository, ' +
      'as one commit. A new repository is private unless requested otherwise. Returns after the commit; a client ' +
      'that disconnects cancels it.',
    type: PushAdapterDto,
    examples: {
      adapter: { repo: 'alice/my-model', token: 'hf_...' },
      'merged model': { repo: 'alice/my-model-merged', token: 'hf_...', format: 'merged' },
    },
  })
  @ApiParam({ name: 'model_id', example: 'my-model', description: 'Name of the adapter.' })
  @ApiMissing('adapter or the checkpoint')
  @ApiResponse({
    status: 422,
    type: ErrorDto,
    description: 'The hub refuses it, or the format does not support the adapter.',
  })
  @ApiResponse({ status: 503, type: ErrorDto, description: 'The hub cannot be reached.' })
  @ApiOkResponse({ type: PushedDto, description: 'The commit.' })
  async push(
    @Param('model_id') modelId: string,
    @Body() { repo, token, private: isPrivate = true, ...order }: PushAdapterDto,
    @ClientSignal() signal: AbortSignal,
  ): Promise<PushedDto | null> {
    const pushed = await this.pushes.push(
      { ...readExport(modelId, order), repo, token: readToken(token), isPrivate },
      signal,
    );
    return pushed && { repo, url: pushed.url, commit: pushed.commit, files: [...pushed.files] };
  }
}

/** Checked here, since a failed validation would quote it. @throws InvalidRequestError */
function readToken(token: string): string {
  if (/^hf_[\w.]{1,500}$/.test(token)) return token;
  throw invalid('token', 'is not an access token of the hub.', 'Pass one, which starts with hf_.');
}
