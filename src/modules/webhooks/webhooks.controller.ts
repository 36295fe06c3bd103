import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { ApiMissing, ApiPost } from '../../common/http/api-docs.js';
import { ErrorDto } from '../../common/http/errors/error.dto.js';
import { nextCursor } from '../../common/pages/next-cursor.js';
import {
  CreatedWebhookDto,
  CreateWebhookDto,
  DEFAULT_DELIVERIES_LIMIT,
  DEFAULT_OVERLAP_S,
  DeliveryDto,
  DeliveryListDto,
  ListDeliveriesDto,
  RotateSecretDto,
  WebhookDeletedDto,
  WebhookDto,
  WebhookListDto,
} from './dto/webhook.dto.js';
import { presentDelivery, presentWebhook } from './webhook.presenter.js';
import { WebhooksService } from './webhooks.service.js';

const ID = { name: 'webhook_id', example: 'wh_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC', description: 'Id of the webhook.' };
const URL = 'http://127.0.0.1:8000/webhooks';

@ApiTags('webhooks')
@Controller('webhooks')
export class WebhooksController {
  constructor(private readonly webhooks: WebhooksService) {}

  @Post()
  @ApiPost('webhooks', {
    summary: 'Register a webhook',
    description:
      'From now on, events are posted to the URL, signed according to Standard Webhooks. The response contains ' +
      'the secret, which is not shown again.',
    type: CreateWebhookDto,
    examples: {
      'failures and jobs': {
        url: 'https://example.com/hooks/thinker',
        events: ['future.failed', 'fine_tuning.job.succeeded', 'fine_tuning.job.failed'],
      },
    },
  })
  @ApiCreatedResponse({ type: CreatedWebhookDto, description: 'The webhook with its secret.' })
  @ApiConflictResponse({ type: ErrorDto, description: 'The key has the maximum number of webhooks.' })
  async create(@Body() { url, events, description = '' }: CreateWebhookDto): Promise<CreatedWebhookDto> {
    const webhook = await this.webhooks.create({ url, events, description: description === '' ? null : description });
    return { ...presentWebhook(webhook), secret: webhook.secret };
  }

  @Get()
  @ApiOperation({
    summary: 'List webhooks',
    description: `Returns your webhooks without their secrets. Example: \`curl ${URL}\``,
  })
  @ApiOkResponse({ type: WebhookListDto, description: 'All of your webhooks.' })
  async list(): Promise<WebhookListDto> {
    return { webhooks: (await this.webhooks.list()).map(presentWebhook) };
  }

  @Get(`:${ID.name}`)
  @ApiOperation({
    summary: 'Get a webhook',
    description: `Returns the webhook without its secret. Example: \`curl ${URL}/${ID.example}\``,
  })
  @ApiParam(ID)
  @ApiMissing('webhook')
  @ApiOkResponse({ type: WebhookDto, description: 'The webhook.' })
  async get(@Param(ID.name) id: string): Promise<WebhookDto> {
    return presentWebhook(await this.webhooks.get(id));
  }

  @Delete(`:${ID.name}`)
  @ApiOperation({
    summary: 'Delete a webhook',
    description: `Pending deliveries are dropped. Example: \`curl -X DELETE ${URL}/${ID.example}\``,
  })
  @ApiParam(ID)
  @ApiMissing('webhook')
  @ApiOkResponse({ type: WebhookDeletedDto, description: 'The webhook is deleted.' })
  async delete(@Param(ID.name) id: string): Promise<WebhookDeletedDto> {
    await this.webhooks.delete(id);
    return { id, deleted: true };
  }

  @Post(`:${ID.name}/rotate_secret`)
  @HttpCode(200)
  @ApiPost(`webhooks/${ID.example}/rotate_secret`, {
    summary: 'Rotate the secret of a webhook',
    description:
      'Makes a new secret, which is shown this once. For `overlap_s` seconds deliveries are signed with both, as Standard ' +
      'Webhooks provides for; a secret that was replaced earlier ends at once.',
    type: RotateSecretDto,
    examples: { 'with a day to change over': {}, 'at once, for a secret that leaked': { overlap_s: 0 } },
  })
  @ApiParam(ID)
  @ApiMissing('webhook')
  @ApiOkResponse({ type: CreatedWebhookDto, description: 'The webhook with its new secret.' })
  async rotateSecret(
    @Param(ID.name) id: string,
    @Body() { overlap_s = DEFAULT_OVERLAP_S }: RotateSecretDto,
  ): Promise<CreatedWebhookDto> {
    const webhook = await this.webhooks.rotateSecret(id, overlap_s);
    return { ...presentWebhook(webhook), secret: webhook.secret };
  }

  @Post(`:${ID.name}/ping`)
  @HttpCode(200)
  @ApiOperation({
    summary: 'Test a webhook',
    description:
      'Posts the event `webhook.ping` once and returns the outcome. A success enables a disabled webhook again. ' +
      `Example: \`curl -X POST ${URL}/${ID.example}/ping\``,
  })
  @ApiParam(ID)
  @ApiMissing('webhook')
  @ApiOkResponse({ type: DeliveryDto, description: 'The delivery: `delivered`, or `dead` with the reason.' })
  async ping(@Param(ID.name) id: string): Promise<DeliveryDto> {
    return presentDelivery(await this.webhooks.ping(id));
  }

  @Get(`:${ID.name}/deliveries`)
  @ApiOperation({
    summary: 'List the deliveries of a webhook',
    description: `Newest first, for 30 days. Example: \`curl "${URL}/${ID.example}/deliveries?status=dead"\``,
  })
  @ApiParam(ID)
  @ApiMissing('webhook')
  @ApiOkResponse({ type: DeliveryListDto, description: 'A page of results.' })
  async deliveries(
    @Param(ID.name) id: string,
    @Query() { status, limit = DEFAULT_DELIVERIES_LIMIT, cursor }: ListDeliveriesDto,
  ): Promise<DeliveryListDto> {
    const rows = await this.webhooks.listDeliveries(id, { status, position: cursor, limit });
    return {
      deliveries: rows.map(presentDelivery),
      next_cursor: nextCursor(rows, limit, ({ position }) => position),
    };
  }
}
