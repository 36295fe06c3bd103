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
    summary: 'Not supported',
    description:
      'The models of this server write text; none of them computes embeddings. Always answers 400. ' +
      'Example: `curl -X POST http://127.0.0.1:8000/v1/embeddings`',
  })
  @ApiResponse({ status: 400, type: ErrorDto, description: 'There are no embeddings.' })
  create(): never {
    throw new NoEmbeddingsError();
  }
}
