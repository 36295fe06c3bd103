import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type Repository } from 'typeorm';
import { whenDatabaseIsBack } from '../../../database/outage.js';
import { KeyWindowEntity } from '../entities/key-window.entity.js';
import { type KeyLimits, WINDOW_LIMIT_KEYS, type WindowUse } from './key-limits.js';
import { countIn, MINUTE, DAY, type WindowCounts } from './window-sql.js';

/** More than there can ever be. */
const NO_LIMIT = '9223372036854775807';

/** Whether a request is let in, and what has been used with it. */
export interface Admission {
  readonly admitted: boolean;
  /** One for each limit that the key has. */
  readonly uses: readonly WindowUse[];
}

interface Row extends WindowCounts {
  readonly minute_left_ms: number;
  readonly day_left_ms: number;
}

/**
 * Counts of requests and tokens by key, for all API processes alike: a row for each key that has limits, which begins anew
 * with each minute and day. Tokens are added by the statement that settles an operation (see futures/log/settling-sql.ts).
 */
@Injectable()
export class KeyWindowsRepository {
  constructor(@InjectRepository(KeyWindowEntity) private readonly rows: Repository<KeyWindowEntity>) {}

  /** Counts a request if no limit is reached; one that is refused costs a second statement. */
  async admit(keyId: string, limits: KeyLimits): Promise<Admission> {
    const { requestsPerMinute, requestsPerDay, tokensPerMinute, tokensPerDay } = limits;
    const bounds = [requestsPerMinute, requestsPerDay, tokensPerMinute, tokensPerDay].map((limit) => limit ?? NO_LIMIT);
    const rows: Row[] = await whenDatabaseIsBack(() =>
      this.rows.query(
        `INSERT INTO key_windows AS counts (key_id, minute, minute_requests, minute_tokens, day, day_requests, day_tokens)
         VALUES ($1, ${MINUTE}, 1, 0, ${DAY}, 1, 0)
         ON CONFLICT (key_id) DO UPDATE SET
           minute = excluded.minute, minute_requests = ${countIn('minute_requests')} + 1, minute_tokens = ${countIn('minute_tokens')},
           day = excluded.day, day_requests = ${countIn('day_requests')} + 1, day_tokens = ${countIn('day_tokens')}
         WHERE ${countIn('minute_requests')} < $2 AND ${countIn('day_requests')} < $3
           AND ${countIn('minute_tokens')} < $4 AND ${countIn('day_tokens')} < $5
         RETURNING minute_requests, minute_tokens, day_requests, day_tokens, ${LEFT_MS}`,
        [keyId, ...bounds],
      ),
    );
    if (rows[0] !== undefined) return { admitted: true, uses: toUses(rows[0], limits) };
    return { admitted: false, uses: await this.find(keyId, limits) };
  }

  /** What has been used of the limits of a key. */
  async find(keyId: string, limits: KeyLimits): Promise<WindowUse[]> {
    const rows: Row[] = await this.rows.query(
      `SELECT ${countIn('minute_requests')} AS minute_requests, ${countIn('minute_tokens')} AS minute_tokens,
              ${countIn('day_requests')} AS day_requests, ${countIn('day_tokens')} AS day_tokens, ${LEFT_MS}
       FROM (SELECT 1) AS one LEFT JOIN key_windows AS counts ON counts.key_id = $1`,
      [keyId],
    );
    return rows.flatMap((row) => toUses(row, limits));
  }
}

const LEFT_MS = `
  (extract(epoch FROM ${MINUTE} + interval '1 minute' - now()) * 1000)::int AS minute_left_ms,
  (extract(epoch FROM ${DAY} + interval '1 day' - now()) * 1000)::int AS day_left_ms`;

function toUses(row: Row, limits: KeyLimits): WindowUse[] {
  const used = {
    requestsPerMinute: row.minute_requests,
    requestsPerDay: row.day_requests,
    tokensPerMinute: row.minute_tokens,
    tokensPerDay: row.day_tokens,
  };
  return WINDOW_LIMIT_KEYS.flatMap((limit) => {
    const allowed = limits[limit];
    if (allowed === null) return [];
    const resetsInMs = limit.endsWith('Minute') ? row.minute_left_ms : row.day_left_ms;
    return [{ limit, allowed, used: Number(used[limit]), resetsAt: new Date(Date.now() + resetsInMs), resetsInMs }];
  });
}
