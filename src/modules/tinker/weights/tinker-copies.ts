import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { currentOwner } from '../../../common/caller.js';
import {
  CheckpointCopies,
  type CheckpointPath,
  type CopyTarget,
  formatCheckpointPath,
} from '../../checkpoints/index.js';
import { SessionsService } from '../../sessions/index.js';
import { modelIdOf } from '../training/tinker-models.js';
import { WeightsAccess } from './weights-access.js';

/** Stands for the version of the client's SDK in sessions that copies are made in. */
const SDK_VERSION = 'copy_weights';
const DIGEST_LENGTH = 26;

/** A checkpoint to copy into a run of its own: of a session, or of a new session of a project. */
export interface CopyOrder {
  readonly source: CheckpointPath;
  /** A key of the account that may read the checkpoint, where that is another one. */
  readonly accessToken?: string;
  /** Null: the copy never expires. */
  readonly ttlSeconds: number | null;
  readonly destination: { readonly sessionId: string; readonly modelSeqId: number } | { readonly projectId: string };
  /** Tells a repeat from another copy, where no session is given. */
  readonly idempotencyKey: string;
}

/** Copies checkpoints as the Tinker API describes it: into a run of a session, or of a new session of a project. */
@Injectable()
export class TinkerCopies {
  constructor(
    private readonly copies: CheckpointCopies,
    private readonly sessions: SessionsService,
    private readonly access: WeightsAccess,
  ) {}

  /** Returns the copy's path. A repeat, by idempotency key or by (session, model_seq_id), gives the first one's. */
  async copy(order: CopyOrder): Promise<string> {
    const reader = await this.access.readerOf(order.accessToken);
    const target = { ...(await this.runFor(order)), ttlSeconds: order.ttlSeconds };
    return this.copies.copy({ path: order.source, reader }, target);
  }

  private async runFor({
    source,
    destination,
    idempotencyKey,
  }: CopyOrder): Promise<Pick<CopyTarget, 'sessionId' | 'modelId'>> {
    if ('sessionId' in destination) {
      const { sessionId, modelSeqId } = destination;
      await this.sessions.enter(sessionId);
      return { sessionId, modelId: modelIdOf(sessionId, modelSeqId) };
    }
    const { projectId } = destination;
    const sessionId = sessionIdOf([currentOwner(), idempotencyKey, formatCheckpointPath(source), projectId]);
    const names = { projectId, displayName: null };
    await this.sessions.create({ tags: [], userMetadata: null, sdkVersion: SDK_VERSION, ...names }, sessionId);
    return { sessionId, modelId: modelIdOf(sessionId, 0) };
  }
}

/** The same request has the same session. */
function sessionIdOf(request: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(request)).digest('hex');
  return `session_${digest.slice(0, DIGEST_LENGTH)}`;
}
