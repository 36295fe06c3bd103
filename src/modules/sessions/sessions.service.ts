import { Injectable } from '@nestjs/common';
import { ulid } from 'ulid';
import { currentOwner, runAs } from '../../common/caller.js';
import { NotFoundError } from '../../common/errors/request.errors.js';
import { AdaptersService } from '../adapters/index.js';
import { CheckpointLibrary } from '../checkpoints/index.js';
import { type FinishReason, type SessionEntity } from './entities/session.entity.js';
import { SessionEndedError } from './errors/session-ended.error.js';
import { type SessionFilter } from './session-filter.js';
import { type NewSessionRow, SessionsRepository } from './sessions.repository.js';

/** Unnamed snapshots stay this long after their session was finished, in case its client comes back. */
const UNNAMED_TTL_S = 3600;

/** What a client says about the end of its session. */
export interface SessionEnd {
  readonly reason?: FinishReason | null;
  readonly detail?: string | null;
}

/**
 * Client processes of the Tinker API. A session ends when its heartbeats stop, or when its client finishes it: its
 * adapters leave memory, and come back by themselves when they are used again. Heartbeats bring a session back that was
 * only silent, not one that was finished, since the SDK never sends another one after a refusal; whoever makes something
 * new in either brings it back. Unnamed snapshots live as long as they are sampled from (CheckpointLibrary); one
 * whose session was finished goes after an hour, unless it still is.
 */
@Injectable()
export class SessionsService {
  constructor(
    private readonly sessions: SessionsRepository,
    private readonly adapters: AdaptersService,
    private readonly checkpoints: CheckpointLibrary,
  ) {}

  /** With an id that is chosen already, a repeat changes nothing. */
  async create(wish: Omit<NewSessionRow, 'id' | 'owner'>, id = `session_${ulid()}`): Promise<string> {
    await this.sessions.insert({ ...wish, id, owner: currentOwner() });
    return id;
  }

  /** @throws NotFoundError */
  async get(id: string): Promise<SessionEntity> {
    const session = await this.sessions.find(currentOwner(), id);
    if (!session) throw notFound(id);
    return session;
  }

  /** The caller's of these ids that are still there. */
  findAll(ids: readonly string[]): Promise<SessionEntity[]> {
    return this.sessions.findAll(currentOwner(), ids);
  }

  /** Newest first. */
  list(limit: number, offset: number): Promise<SessionEntity[]> {
    return this.sessions.findPage(currentOwner(), limit, offset);
  }

  /** The caller's sessions that match the filter, newest first, at most `limit`. */
  search(filter: SessionFilter, limit: number): Promise<SessionEntity[]> {
    return this.sessions.search(currentOwner(), filter, limit);
  }

  /** The session in which something new is made; it goes on when it had ended. @throws NotFoundError */
  async enter(id: string): Promise<void> {
    const { endedAt } = await this.get(id);
    if (endedAt !== null) await this.sessions.reopen(id);
  }

  /** @throws NotFoundError, SessionEndedError */
  async beat(id: string): Promise<void> {
    if (await this.sessions.beat(currentOwner(), id)) return;
    await this.get(id);
    throw new SessionEndedError(id);
  }

  /** Counts the silence of all sessions from now on. */
  hearAnew(): Promise<void> {
    return this.sessions.beatAll();
  }

  /** Can be repeated: what the first one said stays. @throws NotFoundError */
  async finish(id: string, { reason = null, detail = null }: SessionEnd = {}): Promise<void> {
    await this.get(id);
    if (!(await this.sessions.finish(id, { finishReason: reason, finishDetail: detail }))) return;
    await this.unload(id);
    await this.checkpoints.expireUnnamed(id, UNNAMED_TTL_S);
  }

  /** @throws NotFoundError */
  async setProject(id: string, projectId: string): Promise<void> {
    await this.get(id);
    await this.sessions.setProject(id, projectId);
  }

  /** Ends the sessions that have been silent for so long; returns how many. */
  async endSilent(seconds: number): Promise<number> {
    const ended = await this.sessions.endSilent(seconds);
    for (const { id, owner } of ended) await runAs(owner, () => this.unload(id));
    return ended.length;
  }

  private async unload(id: string): Promise<void> {
    for (const adapter of await this.adapters.ofSession(id)) await this.adapters.unload(adapter);
  }
}

function notFound(id: string): NotFoundError {
  return new NotFoundError('Session', id, {
    field: 'session_id',
    remedy: 'Create one with POST /api/v1/create_session.',
  });
}
