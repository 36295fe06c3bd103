import { type Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { currentOwner } from '../../common/caller.js';
import { AppConfig } from '../../config/app-config.js';
import { whenDatabaseIsBack } from '../../database/outage.js';
import { packArchive } from '../../formats/adapter-archive.js';
import { CheckpointStore, type DownloadLink } from '../../storage/checkpoint-store.js';
import { endOf } from './checkpoint-lifetime.js';
import { type CheckpointPath } from '../../domain/checkpoint-path.js';
import { type CheckpointEntity } from './entities/checkpoint.entity.js';
import { CheckpointNotFoundError, PathTakenError } from './errors/checkpoint.errors.js';
import { type CheckpointEventEntity } from './entities/checkpoint-event.entity.js';
import { CheckpointEventRepository } from './repositories/checkpoint-event.repository.js';
import { CheckpointRepository, type CheckpointSizes } from './repositories/checkpoint.repository.js';

/** Checkpoints beyond one adapter: those of an owner together, public ones of others, their files as an archive. */
@Injectable()
export class CheckpointLibrary {
  constructor(
    private readonly checkpoints: CheckpointRepository,
    private readonly store: CheckpointStore,
    private readonly history: CheckpointEventRepository,
    private readonly config: AppConfig,
  ) {}

  /** One of the caller's own. @throws CheckpointNotFoundError */
  async own(path: CheckpointPath, field?: string): Promise<CheckpointEntity> {
    const checkpoint = await this.checkpoints.findOwn(currentOwner(), path);
    if (!checkpoint) throw new CheckpointNotFoundError(path, field);
    return checkpoint;
  }

  /** One that the caller may read: an own one, else a public one. @throws CheckpointNotFoundError */
  async readable(path: CheckpointPath, field?: string): Promise<CheckpointEntity> {
    const own = await this.checkpoints.findOwn(currentOwner(), path);
    const checkpoint = own ?? (await this.checkpoints.findPublic(path));
    if (!checkpoint) throw new CheckpointNotFoundError(path, field);
    return checkpoint;
  }

  /** The caller's, newest first, with how many there are; those of one adapter where its id is given. */
  page(limit: number, offset: number, adapterId?: string): Promise<[CheckpointEntity[], number]> {
    return this.checkpoints.findPage(currentOwner(), limit, offset, adapterId);
  }

  /** The newest of each kind, by adapter. */
  newest(adapterIds: readonly string[]): Promise<CheckpointEntity[]> {
    return this.checkpoints.findNewest(adapterIds);
  }

  /** What the caller's checkpoints take, by session. */
  sizesBySession(): Promise<CheckpointSizes[]> {
    return this.checkpoints.sumBySession(currentOwner());
  }

  /** @throws CheckpointNotFoundError, PathTakenError */
  async publish(path: CheckpointPath): Promise<void> {
    const checkpoint = await this.own(path);
    if (!(await this.checkpoints.publish(checkpoint))) throw new PathTakenError(path);
    await this.history.record(checkpoint, 'checkpoint_publish');
  }

  /** @throws CheckpointNotFoundError */
  async unpublish(path: CheckpointPath): Promise<void> {
    const checkpoint = await this.own(path);
    await this.history.record(checkpoint, 'checkpoint_unpublish');
    await this.checkpoints.update(checkpoint.id, { public: false });
  }

  /** Null: never. */
  async setTtl(path: CheckpointPath, ttlSeconds: number | null): Promise<void> {
    const checkpoint = await this.own(path);
    await this.history.record(checkpoint, 'checkpoint_set_ttl', { ttl_seconds: ttlSeconds });
    await this.checkpoints.update(checkpoint.id, { expiresAt: endOf(ttlSeconds) });
  }

  async delete(path: CheckpointPath): Promise<void> {
    const checkpoint = await this.own(path);
    await this.history.record(checkpoint, 'checkpoint_delete');
    // The row first: files without a row are waste, a row without files is a lie.
    await this.checkpoints.delete(checkpoint.id);
    await this.store.delete(checkpoint.path);
  }

  /** What the caller has done with its checkpoints beside saving and loading them, newest first. */
  events(limit: number, range?: { from: Date; to: Date }): Promise<CheckpointEventEntity[]> {
    return this.history.find(currentOwner(), limit, range);
  }

  /**
   * How long a snapshot without a name lives; null = until its session is finished. Only its sampling client can use it,
   * and a loop that makes one after each step would fill the disk with those that are done with.
   */
  get unnamedTtlS(): number | null {
    return this.config.unnamedSamplerHours === 0 ? null : this.config.unnamedSamplerHours * 3600;
  }

  /** Somebody samples from it: if it has no name, it goes on living. */
  async keepInUse(checkpointId: string): Promise<void> {
    const seconds = this.unnamedTtlS;
    if (seconds !== null) await whenDatabaseIsBack(() => this.checkpoints.prolongUnnamed(checkpointId, seconds));
  }

  /** Lets the snapshots without a name, that only sampling clients of this session use, expire so soon. */
  expireUnnamed(sessionId: string, ttlSeconds: number): Promise<void> {
    return this.checkpoints.expireUnnamed(sessionId, endOf(ttlSeconds));
  }

  fileNames({ path }: CheckpointEntity): Promise<string[]> {
    return this.store.list(path);
  }

  /** One file of a checkpoint; null when the caller can read no such checkpoint (any more). */
  async file(checkpointId: string, name: string): Promise<Uint8Array | null> {
    const checkpoint = await this.readableById(checkpointId);
    return checkpoint && this.store.read(checkpoint.path, name);
  }

  /** All files of a checkpoint, by name. */
  async files({ path }: CheckpointEntity): Promise<Map<string, Uint8Array>> {
    const files = new Map<string, Uint8Array>();
    for (const name of await this.store.list(path)) files.set(name, await this.store.read(path, name));
    return files;
  }

  /** Where the store gives out the same tar by itself; null when it does not. Who asks has checked that it may be read. */
  archiveLink({ path }: CheckpointEntity, link: DownloadLink): Promise<string | null> {
    return this.store.downloadLink(path, link);
  }

  /** All files of a checkpoint as a tar; null when the caller can read no such checkpoint (any more). */
  async archive(checkpointId: string): Promise<Readable | null> {
    const checkpoint = await this.readableById(checkpointId);
    return checkpoint && packArchive(await this.files(checkpoint), checkpoint.createdAt);
  }

  private async readableById(id: string): Promise<CheckpointEntity | null> {
    const checkpoint = await this.checkpoints.findById(id);
    if (checkpoint === null || checkpoint.owner === currentOwner()) return checkpoint;
    return (await this.checkpoints.findPublic(checkpoint))?.id === id ? checkpoint : null;
  }
}
