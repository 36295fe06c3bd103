import { AppError } from '../../../common/errors/app-error.js';

export class NoEmbeddingsError extends AppError {
  constructor() {
    const remedy = 'Use a server with an embedding model for this request.';
    super(
      'embeddings_not_supported',
      'user',
      400,
      `The models of this server write text; none of them computes embeddings. ${remedy}`,
      { remedy },
    );
  }
}
