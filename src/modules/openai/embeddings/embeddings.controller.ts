import { HttpCode, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import { ErrorDto } from '../../../common/http/errors/error.dto.js';
import { OpenAiController } from '../openai-controller.decorator.js';
import { NoEmbeddingsError } from './no-embeddings.error.js';

@OpenAiController()
export class EmbeddingsController {
  @Post('embeddings')
  @HttpCode(400)
  @ApiOperation({
    summary: 'Embeddings (not supported)',
    description:
      'Always answers 400: no model of this server computes embeddings. ' +
      'Example: `curl -X POST http://127.0.0.1:8000/v1/embeddings`',
  })
  @ApiResponse({ status: 400, type: ErrorDto, description: 'Embeddings are not supported.' })
  create(): never {
    throw new NoEmbeddingsError();
  }
}
