import { Brackets, type SelectQueryBuilder } from 'typeorm';
import { type FinishReason, type SessionEntity } from './entities/session.entity.js';

/** Where a page begins: after this session. */
export interface SessionCursor {
  readonly createdAt: Date;
  readonly id: string;
}

/** Which sessions are searched for; what is left out does not matter. */
export interface SessionFilter {
  /** Exactly this one. Together with `words`, either is enough. */
  readonly id?: string;
  /** All of them are parts of the name, in any case. */
  readonly words?: readonly string[];
  /** In one of these projects; '' is none. */
  readonly projectIds?: readonly string[];
  /** All of these values, as text. */
  readonly userMetadata?: Readonly<Record<string, string>>;
  /** Open, or ended by the client for one of these reasons. */
  readonly states?: { readonly open: boolean; readonly finished: readonly FinishReason[] };
  readonly after?: SessionCursor;
}

/** As precise as the Date of a cursor. */
const CREATED = `date_trunc('milliseconds', session.created_at)`;

/** Narrows a query of the alias `session` down to what the filter lets through, newest first. */
export function applyFilter(query: SelectQueryBuilder<SessionEntity>, filter: SessionFilter): void {
  const { id, words, projectIds, userMetadata, states, after } = filter;
  if (id !== undefined || words !== undefined) query.andWhere(new Brackets((either) => applyNames(either, id, words)));
  if (projectIds) query.andWhere(`coalesce(session.project_id, '') = ANY(:projectIds)`, { projectIds });
  if (userMetadata) {
    query.andWhere(
      `NOT EXISTS (SELECT 1 FROM jsonb_each_text(:pairs) AS pair
                   WHERE session.user_metadata ->> pair.key IS DISTINCT FROM pair.value)`,
      { pairs: JSON.stringify(userMetadata) },
    );
  }
  if (states) {
    query.andWhere('((:open AND session.ended_at IS NULL) OR session.finish_reason = ANY(:finished))', states);
  }
  if (after) query.andWhere(`(${CREATED}, session.id) < (:lastCreated, :lastId)`, toParameters(after));
  query.orderBy(CREATED, 'DESC').addOrderBy('session.id', 'DESC');
}

function applyNames(either: Parameters<Brackets['whereFactory']>[0], id?: string, words?: readonly string[]): void {
  if (id !== undefined) either.orWhere('session.id = :id', { id });
  const patterns = words?.map((word) => `%${word.replace(/[\\%_]/g, '\\$&')}%`);
  if (patterns) either.orWhere('session.display_name ILIKE ALL(:patterns)', { patterns });
}

function toParameters({ createdAt, id }: SessionCursor) {
  return { lastCreated: createdAt, lastId: id };
}
