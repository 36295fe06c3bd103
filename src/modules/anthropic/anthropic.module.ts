import { Module } from '@nestjs/common';
import { BaseModelsModule } from '../../base-models/base-models.module.js';
import { AdaptersModule } from '../adapters/index.js';
import { AliasesModule } from '../aliases/index.js';
import { GenerationModule } from '../generation/index.js';
import { MessageReader } from './messages/message.reader.js';
import { MessageStreams } from './messages/message-streams.js';
import { MessagesController } from './messages/messages.controller.js';
import { AnthropicModelsController } from './models/models.controller.js';

/** Anthropic's API: other words for the services that the root routes use. */
@Module({
  imports: [AdaptersModule, AliasesModule, BaseModelsModule, GenerationModule],
  controllers: [MessagesController, AnthropicModelsController],
  providers: [MessageReader, MessageStreams],
})
export class AnthropicModule {}
