import { Injectable } from '@nestjs/common';
import { ulid } from 'ulid';
import { currentOwner, runAs } from '../../common/caller.js';
import { NotFoundError } from '../../common/errors/request.errors.js';
import { AdaptersService } from '../adapters/index.js';
import { CheckpointLibrary } from '../checkpoints/index.js';
import { type SessionEntity } from './entities/session.entity.js';
import { type NewSessionRow, SessionsRepository } from './sessions.repository.js';

/** Unnamed snapshots stay this long after the end of their session, in case its client comes back. */
const UNNAMED_TTL_S = 3600;

/**
 * Client processes of the Tinker API. A session ends when its heartbeats stop, or when its client says so: its adapters
 * leave memory and its unnamed snapshots expire. Everything that has a name stays, and an adapter that is used again
 * comes back by itself.
 */
@Injectable()
export class SessionsService {
  constructor(
    private readonly sessions: SessionsRepository,
    private readonly adapters: AdaptersService,
    private readonly checkpoints: CheckpointLibrary,
  ) {}

  async create(wish: Omit<NewSessionRow, 'id' | 'owner'>): Promise<string> {
    const id = `session_${ulid()}`;
    await this.sessions.insert({ ...wish, id, owner: currentOwner() });
    return id;
  }

  /** @throws NotFoundError */
  async get(id: string): Promise<SessionEntity> {
    const session = await this.sessions.find(currentOwner(), id);
    if (!session) throw notFound(id);
    return session;
  }

  /** Newest first. */
  list(limit: number, offset: number): Promise<SessionEntity[]> {
    return this.sessions.findPage(currentOwner(), limit, offset);
  }

  /** @throws NotFoundError */
  async beat(id: string): Promise<void> {
    if (!(await this.sessions.beat(currentOwner(), id))) throw notFound(id);
  }

  /** Can be repeated. @throws NotFoundError */
  async finish(id: string): Promise<void> {
    await this.get(id);
    if (await this.sessions.end(id)) await this.release(id);
  }

  /** @throws NotFoundError */
  async setProject(id: string, projectId: string): Promise<void> {
    await this.get(id);
    await this.sessions.setProject(id, projectId);
  }

  /** Ends the sessions that have been silent for so long; returns how many. */
  async endSilent(seconds: number): Promise<number> {
    const ended = await this.sessions.endSilent(seconds);
    for (const { id, owner } of ended) await runAs(owner, () => this.release(id));
    return ended.length;
  }

  private async release(id: string): Promise<void> {
    for (const adapter of await this.adapters.ofSession(id)) await this.adapters.unload(adapter);
    await this.checkpoints.expireUnnamed(id, UNNAMED_TTL_S);
  }
}

function notFound(id: string): NotFoundError {
  return new NotFoundError('Session', id, {
    field: 'session_id',
    remedy: 'Make one with POST /api/v1/create_session.',
  });
}
