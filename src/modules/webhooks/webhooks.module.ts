import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { WebhookDeliveries } from './delivery/webhook-deliveries.js';
import { WebhookSender } from './delivery/webhook-sender.js';
import { WebhookDeliveryEntity } from './entities/webhook-delivery.entity.js';
import { WebhookEntity } from './entities/webhook.entity.js';
import { DeliveryRepository } from './repositories/delivery.repository.js';
import { WebhookRepository } from './repositories/webhook.repository.js';
import { WebhooksController } from './webhooks.controller.js';
import { WebhooksService } from './webhooks.service.js';

/** Webhooks with their routes, and their delivery. Whoever settles something records it with the SQL of this module. */
@Module({
  imports: [TypeOrmModule.forFeature([WebhookEntity, WebhookDeliveryEntity])],
  controllers: [WebhooksController],
  providers: [WebhookRepository, DeliveryRepository, WebhookSender, WebhookDeliveries, WebhooksService],
})
export class WebhooksModule {}
