import { Injectable } from '@nestjs/common';
import { runAs } from '../../../common/caller.js';
import { AdaptersService, type WantedLora } from '../../adapters/index.js';
import { CheckpointLibrary, type CheckpointPath, CheckpointsService } from '../../checkpoints/index.js';
import { type Accepted } from '../../futures/index.js';
import { SessionsService } from '../../sessions/index.js';
import { WeightsAccess } from '../weights/weights-access.js';

/** Number of the load that a model begins with: the client counts its own requests from 1. */
const FIRST_SEQ_ID = 0;

/** Identifies a model to create: a session, and the client's number of the model in it. */
export interface ModelSlot {
  readonly sessionId: string;
  readonly modelSeqId: number;
  /** What the client wants to remember with the model. */
  readonly userMetadata?: Readonly<Record<string, unknown>>;
}

/** A model with fresh weights. */
export interface FreshModel extends ModelSlot {
  readonly baseModel: string;
  readonly lora: WantedLora;
}

/** A checkpoint to load into a model that exists, or into one that is made for it with the checkpoint's own shape. */
export interface LoadIntoModel {
  readonly path: CheckpointPath;
  readonly optimizer: boolean;
  /** A key of the account that may read the checkpoint, where that is another one. */
  readonly accessToken?: string;
  readonly target:
    | { readonly modelId: string; readonly seqId?: number }
    | (ModelSlot & { /** Must be the checkpoint's own. */ readonly baseModel?: string });
}

/** Makes adapters as the Tinker API describes them, fresh or from a checkpoint. */
@Injectable()
export class TinkerModels {
  constructor(
    private readonly sessions: SessionsService,
    private readonly adapters: AdaptersService,
    private readonly checkpoints: CheckpointsService,
    private readonly library: CheckpointLibrary,
    private readonly access: WeightsAccess,
  ) {}

  /** A repeat of (session, model_seq_id) gives the first one's future. */
  async create({ sessionId, modelSeqId, baseModel, lora, userMetadata }: FreshModel): Promise<Accepted> {
    await this.sessions.enter(sessionId);
    return this.adapters.createOnce({
      modelId: modelIdOf(sessionId, modelSeqId),
      baseModel,
      lora,
      sessionId,
      userMetadata,
    });
  }

  async load({ path, optimizer, accessToken, target }: LoadIntoModel): Promise<Accepted> {
    const reader = await this.access.readerOf(accessToken);
    const { modelId, seqId } = 'modelId' in target ? target : await this.createFor(path, target, reader);
    return this.checkpoints.load({ modelId, path, field: 'path', optimizer, seqId, reader });
  }

  private async createFor(
    path: CheckpointPath,
    slot: ModelSlot & { readonly baseModel?: string },
    reader: string,
  ): Promise<{ modelId: string; seqId: number }> {
    const { sessionId, userMetadata } = slot;
    await this.sessions.enter(sessionId);
    const { lora, baseModel } = await runAs(reader, () => this.library.readable(path, 'path'));
    this.adapters.checkBaseModel(slot.baseModel, baseModel);
    const modelId = modelIdOf(sessionId, slot.modelSeqId);
    await this.adapters.createOnce({ modelId, baseModel, lora, sessionId, userMetadata });
    return { modelId, seqId: FIRST_SEQ_ID };
  }
}

/** The id that clients expect of a session's model with this number. */
export function modelIdOf(sessionId: string, seqId: number): string {
  return `${sessionId}:train:${seqId}`;
}
