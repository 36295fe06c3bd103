import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { type Agent, request } from 'undici';
import { shortened } from '../../../common/shortened.js';
import { VERSION } from '../../../common/version.js';
import { AppConfig } from '../../../config/app-config.js';
import { type WebhookEntity } from '../entities/webhook.entity.js';
import { type Attempt, type ClaimedDelivery } from '../repositories/delivery.repository.js';
import { publicAgent } from './public-agent.js';
import { retryDelayMs } from './retry-schedule.js';
import { signedHeaders, validSecrets } from './webhook-signature.js';

const ATTEMPT_TIMEOUT_MS = 15_000;
const MAX_ERROR = 300;
/** A webhook that has failed for so long is disabled. */
const MAX_FAILING_MS = 5 * 24 * 3_600_000;
/** By Standard Webhooks: the receiver wants no more. */
const GONE = 410;

type Answer = Pick<Attempt, 'responseStatus' | 'error'>;

/** Sends one event to one webhook, and judges what came of it. */
@Injectable()
export class WebhookSender implements OnModuleDestroy {
  private readonly agent: Agent;

  constructor(config: AppConfig) {
    this.agent = publicAgent({ allowPrivate: config.webhooksAllowPrivate });
  }

  async onModuleDestroy(): Promise<void> {
    await this.agent.destroy();
  }

  /** Never fails: what goes wrong is in the result. */
  async attempt(webhook: WebhookEntity, delivery: ClaimedDelivery): Promise<Attempt> {
    const answer = await this.post(webhook, delivery);
    if (answer.error === null) return { ...answer, retryMs: null, disable: null };
    const isGone = answer.responseStatus === GONE;
    const failingMs = webhook.failingSince === null ? 0 : Date.now() - webhook.failingSince.getTime();
    const disable = isGone ? 'it answered 410 Gone' : failingMs > MAX_FAILING_MS ? 'it failed for 5 days' : null;
    return { ...answer, retryMs: disable === null ? retryDelayMs(delivery.attempts) : null, disable };
  }

  private async post(webhook: WebhookEntity, delivery: ClaimedDelivery): Promise<Answer> {
    const body = bodyOf(delivery);
    const now = new Date();
    const headers = {
      'content-type': 'application/json',
      'user-agent': `Thinker/${VERSION}`,
      ...signedHeaders(validSecrets(webhook, now), delivery.id, now, body),
    };
    try {
      const signal = AbortSignal.timeout(ATTEMPT_TIMEOUT_MS);
      const answer = await request(webhook.url, { method: 'POST', headers, body, signal, dispatcher: this.agent });
      const { statusCode: responseStatus } = answer;
      await answer.body.dump();
      return { responseStatus, error: problemOf(responseStatus) };
    } catch (error) {
      return { responseStatus: null, error: shortened(describe(error), MAX_ERROR) };
    }
  }
}

/** As OpenAI's clients read an event. The same in every attempt. */
function bodyOf({ id, event, data, createdAt }: ClaimedDelivery): string {
  const createdAtS = Math.floor(createdAt.getTime() / 1000);
  return JSON.stringify({ id, object: 'event', type: event, created_at: createdAtS, data });
}

function problemOf(status: number): string | null {
  if (status >= 200 && status < 300) return null;
  return status >= 300 && status < 400 ? `HTTP ${status}; redirects are not followed` : `HTTP ${status}`;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return error.message === '' ? (code ?? error.name) : error.message;
}
