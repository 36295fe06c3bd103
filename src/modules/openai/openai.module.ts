import { Module } from '@nestjs/common';
import { AdaptersModule } from '../adapters/index.js';
import { GenerationModule } from '../generation/index.js';
import { ChatCompletionReader } from './chat/chat-completion.reader.js';
import { ChatCompletionsController } from './chat/chat-completions.controller.js';
import { CompletionReader } from './completions/completion.reader.js';
import { CompletionsController } from './completions/completions.controller.js';
import { CompletionStreams } from './completion-streams.js';
import { EmbeddingsController } from './embeddings/embeddings.controller.js';
import { OpenAiModelsController } from './models/models.controller.js';

/** OpenAI's API: other words for the services that the root routes use. */
@Module({
  imports: [AdaptersModule, GenerationModule],
  controllers: [OpenAiModelsController, ChatCompletionsController, CompletionsController, EmbeddingsController],
  providers: [ChatCompletionReader, CompletionReader, CompletionStreams],
})
export class OpenAiModule {}
