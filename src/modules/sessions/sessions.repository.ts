import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type FindOptionsWhere, In, IsNull, Repository } from 'typeorm';
import { SamplingSessionEntity } from './entities/sampling-session.entity.js';
import { SessionEntity, SILENT } from './entities/session.entity.js';
import { applyFilter, type SessionFilter } from './session-filter.js';

export type NewSessionRow = Pick<
  SessionEntity,
  'id' | 'owner' | 'tags' | 'userMetadata' | 'sdkVersion' | 'projectId' | 'displayName'
>;
export type NewSamplingSessionRow = Omit<SamplingSessionEntity, 'session' | 'completions' | 'createdAt'>;

@Injectable()
export class SessionsRepository {
  constructor(
    @InjectRepository(SessionEntity) private readonly sessions: Repository<SessionEntity>,
    @InjectRepository(SamplingSessionEntity) private readonly samplers: Repository<SamplingSessionEntity>,
  ) {}

  async insert(row: NewSessionRow): Promise<void> {
    const { id, owner, tags, userMetadata, sdkVersion, projectId, displayName } = row;
    const json = [JSON.stringify(tags), userMetadata && JSON.stringify(userMetadata)];
    await this.sessions.query(
      `INSERT INTO sessions (id, owner, tags, user_metadata, sdk_version, project_id, display_name)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
      [id, owner, ...json, sdkVersion, projectId, displayName],
    );
  }

  async find(owner: string, id: string): Promise<SessionEntity | null> {
    return isId(id) ? this.sessions.findOneBy({ owner, id }) : null;
  }

  findAll(owner: string, ids: readonly string[]): Promise<SessionEntity[]> {
    return this.sessions.findBy({ owner, id: In([...ids]) });
  }

  /** Newest first. */
  findPage(owner: string, limit: number, offset: number): Promise<SessionEntity[]> {
    return this.sessions.find({
      where: { owner },
      order: { createdAt: 'DESC', id: 'DESC' },
      take: limit,
      skip: offset,
    });
  }

  /** Newest first. */
  search(owner: string, filter: SessionFilter, limit: number): Promise<SessionEntity[]> {
    const query = this.sessions.createQueryBuilder('session').where('session.owner = :owner', { owner }).limit(limit);
    applyFilter(query, filter);
    return query.getMany();
  }

  /** False when there is no such session, or when its client has finished it. One that was only silent goes on. */
  async beat(owner: string, id: string): Promise<boolean> {
    if (!isId(id)) return false;
    const open = { endedAt: null, finishReason: null, heartbeatAt: new Date() };
    const { affected } = await this.sessions.update(unfinished({ owner, id }), open);
    return affected === 1;
  }

  /** As if every open session had just been heard. */
  async beatAll(): Promise<void> {
    await this.sessions.update({ endedAt: IsNull() }, { heartbeatAt: new Date() });
  }

  async reopen(id: string): Promise<void> {
    const open = { endedAt: null, finishReason: null, finishDetail: null };
    await this.sessions.update({ id }, { heartbeatAt: new Date(), ...open });
  }

  async setProject(id: string, projectId: string): Promise<void> {
    await this.sessions.update({ id }, { projectId });
  }

  /** False when its client had finished it already. */
  async finish(id: string, why: Pick<SessionEntity, 'finishReason' | 'finishDetail'>): Promise<boolean> {
    const { affected } = await this.sessions.update(unfinished({ id }), { endedAt: new Date(), ...why });
    return affected === 1;
  }

  /** Ends the sessions whose heartbeats have stopped. Of several processes only one gets each of them. */
  async endSilent(seconds: number): Promise<{ id: string; owner: string }[]> {
    const [rows]: [{ id: string; owner: string }[], number] = await this.sessions.query(
      `UPDATE sessions SET ended_at = now(), finish_reason = $2
       WHERE ended_at IS NULL AND heartbeat_at < now() - make_interval(secs => $1) RETURNING id, owner`,
      [seconds, SILENT],
    );
    return rows;
  }

  /** Makes it, or finds the one that has its number or its request; null when neither. */
  async insertSampler(row: NewSamplingSessionRow): Promise<SamplingSessionEntity | null> {
    await this.samplers.createQueryBuilder().insert().values(row).orIgnore().execute();
    const { sessionId, seqId, requestId } = row;
    return this.samplers.findOneBy(requestId === null ? { sessionId, seqId: seqId ?? undefined } : { requestId });
  }

  async findSampler(owner: string, id: string): Promise<SamplingSessionEntity | null> {
    return isId(id) ? this.samplers.findOneBy({ owner, id }) : null;
  }

  findSamplerOfRequest(requestId: string): Promise<SamplingSessionEntity | null> {
    return this.samplers.findOneBy({ requestId });
  }

  findSamplersOfSession(sessionId: string): Promise<SamplingSessionEntity[]> {
    return this.samplers.find({ where: { sessionId }, order: { createdAt: 'ASC', id: 'ASC' } });
  }
}

/** Postgres refuses some texts; none of those is an id of ours. */
function isId(text: string): boolean {
  return /^\w{1,100}$/.test(text);
}

/** Sessions that go on or are only silent: their client has not finished them. */
function unfinished(which: FindOptionsWhere<SessionEntity>): FindOptionsWhere<SessionEntity>[] {
  return [
    { ...which, endedAt: IsNull() },
    { ...which, finishReason: SILENT },
  ];
}
