import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { And, LessThan, MoreThanOrEqual, Repository } from 'typeorm';
import { UsageHourEntity } from './entities/usage-hour.entity.js';

/** What an owner used on one day. */
export interface DayOfUse {
  readonly owner: string;
  /** `YYYY-MM-DD`, in UTC. */
  readonly day: string;
  readonly requests: number;
  readonly promptTokens: number;
  readonly trainedTokens: number;
  readonly sampledTokens: number;
  readonly runningMs: number;
}

/** Tokens that were used. */
export interface TokenTotals {
  readonly promptTokens: number;
  readonly trainedTokens: number;
  readonly sampledTokens: number;
}

@Injectable()
export class UsageRepository {
  constructor(@InjectRepository(UsageHourEntity) private readonly rows: Repository<UsageHourEntity>) {}

  /** The owner's hours that begin in [from, to), oldest first. */
  findHours(owner: string, from: Date, to: Date): Promise<UsageHourEntity[]> {
    return this.rows.find({
      where: { owner, hour: And(MoreThanOrEqual(from), LessThan(to)) },
      order: { hour: 'ASC', sessionId: 'ASC', modelId: 'ASC', kind: 'ASC' },
    });
  }

  /** Sums of the hours that begin in [from, to), by day and owner; of one owner, where one is given. */
  sumByDay(from: Date, to: Date, owner?: string): Promise<DayOfUse[]> {
    return this.rows.query(
      `SELECT owner, to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, sum(requests)::float8 AS requests,
              sum(prompt_tokens)::float8 AS "promptTokens", sum(trained_tokens)::float8 AS "trainedTokens",
              sum(sampled_tokens)::float8 AS "sampledTokens", sum(running_ms)::float8 AS "runningMs"
       FROM usage_hours WHERE hour >= $1 AND hour < $2 AND ($3::text IS NULL OR owner = $3)
       GROUP BY owner, day ORDER BY day, owner`,
      [from, to, owner ?? null],
    );
  }

  /** Returns how many rows are deleted. */
  async deleteBefore(time: Date): Promise<number> {
    const { affected } = await this.rows.delete({ hour: LessThan(time) });
    return affected ?? 0;
  }

  /** Of each of these owners, since the begin of the hour of `since`. */
  async totalsSince(owners: readonly string[], since: Date): Promise<Map<string, TokenTotals>> {
    const rows: (TokenTotals & { owner: string })[] = await this.rows.query(
      `SELECT asked.owner, used.* FROM unnest($1::text[]) AS asked(owner), LATERAL (
         SELECT coalesce(sum(prompt_tokens), 0)::float8 AS "promptTokens",
                coalesce(sum(trained_tokens), 0)::float8 AS "trainedTokens",
                coalesce(sum(sampled_tokens), 0)::float8 AS "sampledTokens"
         FROM usage_hours WHERE owner = asked.owner AND hour >= date_trunc('hour', $2::timestamptz, 'UTC')) used`,
      [owners, since],
    );
    return new Map(rows.map(({ owner, ...totals }) => [owner, totals]));
  }
}
