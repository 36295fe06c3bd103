import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { PageSize, PositionCursor } from '../../../common/pages/page.decorators.js';
import { IsStorable } from '../../../common/http/validation/is-storable.js';
import { type DeliveryStatus } from '../entities/webhook-delivery.entity.js';
import { WEBHOOK_EVENTS, type WebhookEvent } from '../webhook-events.js';

export const DEFAULT_DELIVERIES_LIMIT = 50;
export const DEFAULT_OVERLAP_S = 86_400;
const MAX_OVERLAP_S = 7 * 86_400;

export class CreateWebhookDto {
  /**
   * URL that events are posted to. It must be public and contain no password.
   * @example "https://example.com/hooks/thinker"
   */
  @IsString()
  @IsStorable()
  @MaxLength(2000)
  url!: string;

  /**
   * Events to post.
   * @example ["future.failed", "fine_tuning.job.succeeded"]
   */
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(WEBHOOK_EVENTS, { each: true })
  events!: WebhookEvent[];

  /**
   * A note of your own.
   * @example "pager"
   */
  @IsOptional()
  @IsString()
  @IsStorable()
  @MaxLength(500)
  description?: string;
}

export class RotateSecretDto {
  /**
   * Seconds for which the present secret stays valid: a day by default, at most a week. 0 ends it at once.
   * @example 86400
   */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_OVERLAP_S)
  overlap_s?: number = DEFAULT_OVERLAP_S;
}

export class WebhookDto {
  /**
   * Id of the webhook.
   * @example "wh_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC"
   */
  id!: string;

  /**
   * URL that events are posted to.
   * @example "https://example.com/hooks/thinker"
   */
  url!: string;

  /**
   * Events that are posted.
   * @example ["future.failed", "fine_tuning.job.succeeded"]
   */
  events!: WebhookEvent[];

  /**
   * Your note.
   * @example "pager"
   */
  description!: string | null;

  /**
   * A disabled webhook receives no events; a successful ping enables it again.
   * @example "active"
   */
  status!: 'active' | 'disabled';

  /**
   * Why it is disabled.
   * @example "it answered 410 Gone"
   */
  disabled_reason!: string | null;

  /**
   * Time of the first failure since the last success.
   * @example "2026-11-23T10:15:30.000Z"
   */
  failing_since!: string | null;

  /**
   * Until when deliveries are also signed with the secret before the present one; null when they are not.
   * @example "2026-11-24T10:15:30.000Z"
   */
  previous_secret_expires_at!: string | null;

  /**
   * Time of creation.
   * @example "2026-11-23T10:15:30.000Z"
   */
  created_at!: string;
}

export class CreatedWebhookDto extends WebhookDto {
  /**
   * Key for verifying signatures. It is shown only this once.
   * @example "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
   */
  secret!: string;
}

export class WebhookListDto {
  /** Oldest first. */
  webhooks!: WebhookDto[];
}

export class WebhookDeletedDto {
  /**
   * Id of the webhook.
   * @example "wh_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC"
   */
  id!: string;

  /**
   * Always true.
   * @example true
   */
  deleted!: boolean;
}

export class ListDeliveriesDto {
  /** Only deliveries in this state. */
  @ApiProperty({ enum: ['pending', 'delivered', 'dead'], example: 'dead' })
  @IsOptional()
  @IsIn(['pending', 'delivered', 'dead'])
  status?: DeliveryStatus;

  /**
   * Deliveries per page.
   * @example 50
   */
  @PageSize()
  limit?: number = DEFAULT_DELIVERIES_LIMIT;

  /**
   * `next_cursor` of the previous page.
   * @example 1042
   */
  @PositionCursor()
  cursor?: number;
}

/** One event on its way to a webhook. */
export class DeliveryDto {
  /**
   * Id of the event: the header `webhook-id`, the same in every attempt.
   * @example "evt_6f1c2b7a9d3e4f508a1b2c3d4e5f6071"
   */
  id!: string;

  /**
   * Type of the event.
   * @example "future.failed"
   */
  event!: string;

  /**
   * 'pending' = waiting for its next attempt, 'dead' = given up.
   * @example "delivered"
   */
  status!: DeliveryStatus;

  /**
   * Number of attempts.
   * @example 1
   */
  attempts!: number;

  /**
   * HTTP status of the last response.
   * @example 204
   */
  response_status!: number | null;

  /**
   * Why the last attempt failed.
   * @example "HTTP 500"
   */
  error!: string | null;

  /**
   * Time of the event.
   * @example "2026-11-23T10:15:30.000Z"
   */
  created_at!: string;

  /**
   * Time of the next attempt if it is pending.
   * @example "2026-11-23T10:15:35.000Z"
   */
  next_attempt_at!: string | null;

  /**
   * When it was delivered or given up.
   * @example "2026-11-23T10:15:30.200Z"
   */
  finished_at!: string | null;
}

export class DeliveryListDto {
  /** Newest first. */
  deliveries!: DeliveryDto[];

  /**
   * Pass it as `cursor` to get the next page; null on the last page.
   * @example 1042
   */
  next_cursor!: number | null;
}
