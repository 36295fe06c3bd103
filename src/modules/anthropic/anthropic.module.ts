import { Module } from '@nestjs/common';
import { GenerationModule } from '../generation/index.js';
import { MessageReader } from './messages/readers/message.reader.js';
import { MessageStreams } from './messages/streaming/message-streams.js';
import { MessagesController } from './messages/messages.controller.js';
import { AnthropicModelsController } from './models/models.controller.js';

/** Anthropic's API: other words for the services that the root routes use. */
@Module({
  imports: [GenerationModule],
  controllers: [MessagesController, AnthropicModelsController],
  providers: [MessageReader, MessageStreams],
})
export class AnthropicModule {}
