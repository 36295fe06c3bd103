import { Injectable } from '@nestjs/common';
import { ulid } from 'ulid';
import { DatabaseOutageError } from '../../common/errors/database-outage.error.js';
import { invalid } from '../../common/json/json-fields.js';
import { Semaphore } from '../../common/concurrency/semaphore.js';
import { ProcessPool } from '../../common/threads/process-pool.js';
import { ThreadMemoryError, ThreadTimeError } from '../../common/threads/thread.errors.js';
import { ThreadPool } from '../../common/threads/thread-pool.js';
import { AppConfig } from '../../config/app-config.js';
import { isParquet } from '../../datasets/containers/find-container.js';
import { InvalidTrainingFileError } from '../../datasets/dataset.errors.js';
import { StorageQuota } from '../keys/index.js';
import { FileStore } from '../../storage/file-store.js';
import { type FileEntity, type FilePurpose } from './entities/file.entity.js';
import { FileNotFoundError } from './errors/file.errors.js';
import { contentPath } from './file-paths.js';
import { type FilePageQuery, FileRepository } from './repositories/file.repository.js';
import { type RowSummary, STORE_ROWS } from './rows/store-rows.js';
import { TrainingFile } from './rows/training-file.js';

const MIB = 2 ** 20;
/** A check takes a tenth of this; what a damaged Parquet file says of itself may never come to an end. */
const CHECK_MS = 20_000;
const CHECK_MS_PER_MIB = 1000;
/** Rows may take this many times the bytes of the largest file: Parquet is compressed. */
const UNPACKED = 4;

/** Bytes that are in the store and belong to nobody yet. */
export interface ReceivedFile {
  readonly id: string;
  readonly bytes: number;
}

export interface NewFile {
  readonly owner: string;
  readonly filename: string;
  readonly purpose: FilePurpose;
  readonly expiresAt: Date | null;
}

export interface FilePage {
  readonly files: readonly FileEntity[];
  readonly hasMore: boolean;
}

/** Files of training data and of results. Used by the API and by workers, so owners are named. */
@Injectable()
export class FilesService {
  /** One check at a time for each owner, so that none takes all threads. */
  private readonly turns = new Map<string, Semaphore>();

  constructor(
    private readonly rows: FileRepository,
    private readonly files: FileStore,
    private readonly threads: ThreadPool,
    private readonly processes: ProcessPool,
    private readonly quota: StorageQuota,
    private readonly config: AppConfig,
  ) {}

  /** Takes the bytes of a file, whatever they are. @throws what `content` throws, StorageOutageError */
  async receive(content: AsyncIterable<Uint8Array>): Promise<ReceivedFile> {
    const id = `file-${ulid()}`;
    return { id, bytes: await this.files.write(contentPath(id), content) };
  }

  /** Deletes bytes that are not to become a file. */
  async discard({ id }: ReceivedFile): Promise<void> {
    await this.files.delete(id);
  }

  /**
   * Makes a file of what was received; training data is checked row by row. When that fails, or `describe` throws, the
   * bytes are deleted. @throws InvalidTrainingFileError with all faults, StorageLimitError
   */
  async add(received: ReceivedFile, describe: () => NewFile): Promise<FileEntity> {
    try {
      const file = describe();
      if (file.purpose !== 'fine-tune') return await this.rows.insert({ ...received, ...file, ...NO_ROWS });
      return await this.inTurn(file.owner, async () => {
        await this.quota.check(file.owner, received.bytes);
        const summary = await this.storeRows(received, file.filename);
        return this.rows.insert({ ...received, ...file, ...summary });
      });
    } catch (error) {
      // After an outage the row may be there. Where it is not, the bytes are an orphan, which is deleted later.
      if (!(error instanceof DatabaseOutageError)) await this.discard(received);
      throw error;
    }
  }

  /** A file that the server makes. @throws as `receive` and `add` */
  async store({
    content,
    ...file
  }: Omit<NewFile, 'expiresAt'> & { content: AsyncIterable<Uint8Array> }): Promise<FileEntity> {
    return this.add(await this.receive(content), () => ({ ...file, expiresAt: null }));
  }

  /** @throws FileNotFoundError that names the field */
  async get(owner: string, id: string, field = 'file_id'): Promise<FileEntity> {
    const row = await this.rows.find(owner, id);
    if (row) return row;
    throw new FileNotFoundError(id, field);
  }

  /** By the time of their creation. @throws FileNotFoundError for `after` */
  async list(owner: string, query: FilePageQuery): Promise<FilePage> {
    if (query.after !== undefined) await this.get(owner, query.after, 'after');
    const found = await this.rows.findPage(owner, query);
    return { files: found.slice(0, query.limit), hasMore: found.length > query.limit };
  }

  /** @throws FileNotFoundError */
  async delete(owner: string, id: string): Promise<void> {
    await this.get(owner, id);
    if (!(await this.rows.delete(owner, id))) throw new FileNotFoundError(id, 'file_id');
    await this.files.delete(id);
  }

  /** The bytes as they were uploaded. */
  content({ id }: FileEntity): AsyncIterable<Uint8Array> {
    return this.files.stream(contentPath(id));
  }

  /** @throws FileNotFoundError, InvalidRequestError for one that is not training data */
  async trainingFile(owner: string, id: string, field = 'training_file'): Promise<TrainingFile> {
    const { filename, bytes, purpose, kind, rows, unit } = await this.get(owner, id, field);
    if (kind === null || rows === null || unit === null) {
      throw invalid(field, `is a file with purpose ${purpose}.`, 'Upload a file with purpose fine-tune.');
    }
    return new TrainingFile(id, filename, bytes, { kind, rows, unit }, this.files);
  }

  private async inTurn<T>(owner: string, work: () => Promise<T>): Promise<T> {
    const turn = this.turns.get(owner) ?? new Semaphore(1);
    this.turns.set(owner, turn);
    const release = await turn.acquire();
    try {
      return await work();
    } finally {
      release();
      if (!turn.isFull) this.turns.delete(owner);
    }
  }

  private async storeRows({ id, bytes }: ReceivedFile, filename: string): Promise<RowSummary> {
    const maxRowBytes = this.config.files.limitMb * MIB * UNPACKED;
    const isolated = isParquet(await this.files.read(contentPath(id), 0, HEAD_BYTES));
    const limitMs = CHECK_MS + (bytes / MIB) * CHECK_MS_PER_MIB;
    try {
      const pool = isolated ? this.processes : this.threads;
      return await this.files.withLocalFiles(id, (store) =>
        pool.run(STORE_ROWS, { store, id, filename, maxRowBytes }, [], limitMs),
      );
    } catch (error) {
      if (error instanceof ThreadTimeError) throw unreadable('time', { cause: error });
      if (error instanceof ThreadMemoryError) throw unreadable('memory', { cause: error });
      throw error;
    }
  }
}

const NO_ROWS = { kind: null, rows: null, unit: null };
const HEAD_BYTES = 4;

function unreadable(what: 'time' | 'memory', options: ErrorOptions): InvalidTrainingFileError {
  const remedy = 'It may be damaged. Write Parquet with a smaller row_group_size, or split the file.';
  return new InvalidTrainingFileError(
    [{ location: null, problem: `Reading it takes too much ${what}. ${remedy}` }],
    options,
  );
}
