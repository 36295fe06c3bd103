import { currentOwner } from '../../../common/caller.js';
import { invalid, readString } from '../../../common/json/json-fields.js';
import { FINISH_REASONS, type SessionCursor, type SessionFilter } from '../../sessions/index.js';
import { type SessionCursorDto, type SessionSearchDto, type SessionStatusQueryDto } from './dto/session-search.dto.js';
import { type SessionQuery } from './session-search.js';

const PAGE = 50;

/** Which sessions a search is for. @throws InvalidRequestError */
export function readSessionSearch(body: SessionSearchDto): SessionQuery {
  return { filter: toFilter(body), limit: body.limit ?? PAGE, isAboutCaller: isAboutCaller(body) };
}

/** A key sees its own sessions only, so a search among all is one among its own. */
function isAboutCaller({ owner }: SessionSearchDto): boolean {
  return owner?.type !== 'user' || (owner.owner_urns ?? []).includes(currentOwner() || 'local');
}

function toFilter(body: SessionSearchDto): SessionFilter {
  const { session_id: id, project_ids: projectIds, display_name: name, statuses, cursor } = body;
  const metadata = Object.entries(body.user_metadata ?? {}).map(([key, value]) => {
    return [key, readString(value, `user_metadata.${key}`, 'Metadata values are compared as strings.')] as const;
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
  throw invalid(
    'cursor.last_created_at',
    `is not a valid timestamp: ${time}.`,
    'Pass next_cursor from the previous page unchanged.',
  );
}
