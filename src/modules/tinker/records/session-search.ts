import { Injectable } from '@nestjs/common';
import { CheckpointLibrary } from '../../checkpoints/index.js';
import { type SessionEntity, type SessionFilter, SessionsService } from '../../sessions/index.js';

export interface SessionQuery {
  readonly filter: SessionFilter;
  /** Sessions per page. */
  readonly limit: number;
  /** Whether the caller's sessions are among those searched; nobody sees those of others. */
  readonly isAboutCaller: boolean;
}

export interface FoundSessions {
  readonly sessions: readonly FoundSession[];
  /** Whether there is another page. */
  readonly hasMore: boolean;
}

export interface FoundSession {
  readonly session: SessionEntity;
  /** Of its checkpoints; missing where it has none. */
  readonly sizes?: { readonly count: number; readonly bytes: number };
}

/** The caller's sessions by name, project, metadata and state. */
@Injectable()
export class SessionSearch {
  constructor(
    private readonly sessions: SessionsService,
    private readonly checkpoints: CheckpointLibrary,
  ) {}

  async find({ filter, limit, isAboutCaller }: SessionQuery): Promise<FoundSessions> {
    if (!isAboutCaller) return { sessions: [], hasMore: false };
    // One more tells whether there is another page.
    const found = await this.sessions.search(filter, limit + 1);
    const sizes = new Map((await this.checkpoints.sizesBySession()).map((size) => [size.sessionId, size]));
    const sessions = found.slice(0, limit).map((session) => ({ session, sizes: sizes.get(session.id) }));
    return { sessions, hasMore: found.length > limit };
  }
}
