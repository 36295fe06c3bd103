import { Injectable } from '@nestjs/common';
import { currentOwner } from '../../../common/caller.js';
import { invalid, readString } from '../../../common/json/json-fields.js';
import { CheckpointLibrary } from '../../checkpoints/index.js';
import { FINISH_REASONS, type SessionCursor, type SessionFilter, SessionsService } from '../../sessions/index.js';
import {
  type SessionCursorDto,
  type SessionPageDto,
  type SessionSearchDto,
  type SessionStatusQueryDto,
  toSessionSummaryDto,
} from './dto/session-search.dto.js';

const PAGE = 50;

/** The caller's sessions by name, project, metadata and state. */
@Injectable()
export class SessionSearch {
  constructor(
    private readonly sessions: SessionsService,
    private readonly checkpoints: CheckpointLibrary,
  ) {}

  /** @throws InvalidRequestError */
  async find(body: SessionSearchDto): Promise<SessionPageDto> {
    const filter = toFilter(body);
    if (!isAboutCaller(body)) return { sessions: [], next_cursor: null };
    const limit = body.limit ?? PAGE;
    // One more tells whether there is another page.
    const found = await this.sessions.search(filter, limit + 1);
    const sizes = new Map((await this.checkpoints.sizesBySession()).map((size) => [size.sessionId, size]));
    const sessions = found.slice(0, limit).map((session) => toSessionSummaryDto(session, sizes.get(session.id)));
    const last = found.length > limit ? sessions.at(-1) : undefined;
    return {
      sessions,
      next_cursor: last ? { last_created_at: last.created_at, last_session_id: last.session_id } : null,
    };
  }
}

/** A key sees its own sessions only, so a search among all is one among its own. */
function isAboutCaller({ owner }: SessionSearchDto): boolean {
  return owner?.type !== 'user' || (owner.owner_urns ?? []).includes(currentOwner() || 'local');
}

function toFilter(body: SessionSearchDto): SessionFilter {
  const { session_id: id, project_ids: projectIds, display_name: name, statuses, cursor } = body;
  const metadata = Object.entries(body.user_metadata ?? {}).map(([key, value]) => {
    return [key, readString(value, `user_metadata.${key}`, 'Metadata is compared as text.')] as const;
  });
  return {
    id: id ?? undefined,
    projectIds: projectIds ?? undefined,
    words: name?.split(/\s+/).filter((word) => word !== ''),
    userMetadata: metadata.length > 0 ? Object.fromEntries(metadata) : undefined,
    states: statuses ? toStates(statuses) : undefined,
    after: cursor ? toCursor(cursor) : undefined,
  };
}

/** Sessions are neither cancelled nor failed by requests here: a search for those finds none. */
function toStates(statuses: readonly SessionStatusQueryDto[]): SessionFilter['states'] {
  const finished = statuses.filter(({ type }) => type === 'client_finished');
  return {
    open: statuses.some(({ type }) => type === 'active'),
    finished: finished.flatMap(({ reasons }) => reasons ?? FINISH_REASONS),
  };
}

function toCursor({ last_created_at: time, last_session_id: id }: SessionCursorDto): SessionCursor {
  const createdAt = new Date(time);
  if (!Number.isNaN(createdAt.getTime())) return { createdAt, id };
  throw invalid('cursor.last_created_at', `is no time: ${time}.`, 'Send the next_cursor of the page before unchanged.');
}
