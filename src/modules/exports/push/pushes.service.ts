import { Injectable } from '@nestjs/common';
import { VERSION } from '../../../common/version.js';
import { AppConfig } from '../../../config/app-config.js';
import { fileOfBytes } from '../../../exports/export-file.js';
import { type PushedCommit, pushToHub } from '../../../exports/hub/hub-push.js';
import { modelCard } from '../../../exports/hub/model-card.js';
import { type ExportOrder } from '../export-order.js';
import { ExportsService } from '../exports.service.js';

export interface PushOrder extends ExportOrder {
  readonly repo: string;
  readonly token: string;
  readonly isPrivate: boolean;
}

export interface Pushed extends PushedCommit {
  readonly files: readonly string[];
}

const CARD = 'README.md';

/** Exports to the Hugging Face hub that the server is configured with. */
@Injectable()
export class PushesService {
  constructor(
    private readonly exports: ExportsService,
    private readonly config: AppConfig,
  ) {}

  /** Null when the signal aborts before it has begun. @throws what ExportsService.prepare and pushToHub throw */
  async push(order: PushOrder, signal: AbortSignal): Promise<Pushed | null> {
    const prepared = await this.exports.prepare(order, signal);
    if (!prepared) return null;
    const { repo, format, modelId } = order;
    const card = modelCard({ repo, format, baseModel: prepared.baseModel.name, version: VERSION });
    const files = [...prepared.files, fileOfBytes(CARD, Buffer.from(card))];
    const target = { ...order, endpoint: this.config.hub.endpoint.replace(/\/+$/, '') };
    const pushed = await pushToHub(files, `Upload ${modelId} (${format})`, target, signal);
    return { ...pushed, files: files.map(({ name }) => name) };
  }
}
