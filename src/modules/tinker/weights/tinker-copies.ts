import { createHash, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { currentOwner } from '../../../common/caller.js';
import { invalid, isGiven } from '../../../common/json/json-fields.js';
import { CheckpointCopies, type CopyTarget, parseCheckpointPath } from '../../checkpoints/index.js';
import { SessionsService } from '../../sessions/index.js';
import { type CopyWeightsDto } from './dto/copy-weights.dto.js';
import { modelIdOf } from '../training/tinker-models.js';
import { WeightsAccess } from './weights-access.js';

/** Stands for the version of the client's SDK in sessions that copies are made in. */
const SDK_VERSION = 'copy_weights';
const DIGEST_LENGTH = 26;

/** Copies checkpoints as the Tinker API describes it: into a run of a session, or of a new session of a project. */
@Injectable()
export class TinkerCopies {
  constructor(
    private readonly copies: CheckpointCopies,
    private readonly sessions: SessionsService,
    private readonly access: WeightsAccess,
  ) {}

  /** Returns the copy's path. A repeat, by idempotency key or by (session, model_seq_id), gives the first one's. */
  async copy(dto: CopyWeightsDto, idempotencyKey: string | undefined): Promise<string> {
    const path = parseCheckpointPath(dto.source_path, 'source_path');
    const reader = await this.access.readerOf(dto.weights_access_token);
    return this.copies.copy({ path, reader }, await this.targetOf(dto, idempotencyKey ?? randomUUID()));
  }

  private async targetOf(dto: CopyWeightsDto, idempotencyKey: string): Promise<CopyTarget> {
    const { session_id, model_seq_id, destination_project_id } = dto;
    const ttlSeconds = dto.ttl_seconds ?? null;
    if (isGiven(session_id)) {
      if (!isGiven(model_seq_id)) throw invalid('model_seq_id', 'is missing.', 'It numbers the run in its session.');
      await this.sessions.enter(session_id);
      return { sessionId: session_id, modelId: modelIdOf(session_id, model_seq_id), ttlSeconds };
    }
    if (!isGiven(destination_project_id)) {
      const remedy = 'Give session_id and model_seq_id, or destination_project_id for a new session.';
      throw invalid('session_id', 'is missing.', remedy);
    }
    const sessionId = sessionIdOf([currentOwner(), idempotencyKey, dto.source_path, destination_project_id]);
    const names = { projectId: destination_project_id, displayName: null };
    const session = { tags: [], userMetadata: null, sdkVersion: SDK_VERSION, ...names };
    await this.sessions.create(session, sessionId);
    return { sessionId, modelId: modelIdOf(sessionId, 0), ttlSeconds };
  }
}

/** The same request has the same session. */
function sessionIdOf(request: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(request)).digest('hex');
  return `session_${digest.slice(0, DIGEST_LENGTH)}`;
}
