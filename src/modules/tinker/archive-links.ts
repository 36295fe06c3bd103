import { type Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { AppError } from '../../common/errors/app-error.js';
import { AppConfig } from '../../config/app-config.js';
import { CheckpointLibrary } from '../checkpoints/index.js';
import { LinkSigner } from '../keys/index.js';

const VALID_MS = 15 * 60_000;

/** Addresses of checkpoint archives that need no key: the SDK fetches them with a plain HTTP client. */
@Injectable()
export class ArchiveLinks {
  constructor(
    private readonly signer: LinkSigner,
    private readonly checkpoints: CheckpointLibrary,
    private readonly config: AppConfig,
  ) {}

  /** The caller has checked that the client may read it. */
  async make(checkpointId: string, request: Request): Promise<{ url: string; expires: Date }> {
    const expires = new Date(Date.now() + VALID_MS);
    const token = await this.signer.sign(checkpointId, expires);
    const own = `${request.protocol}://${request.get('host') ?? 'localhost'}`;
    const base = this.config.publicUrl === '' ? own : this.config.publicUrl.replace(/\/+$/, '');
    return { url: `${base}/api/v1/archives/${token}`, expires };
  }

  /** @throws LinkExpiredError when the link is not (or no longer) good, or the checkpoint is gone */
  async open(token: string): Promise<Readable> {
    const checkpointId = await this.signer.verify(token);
    const archive = checkpointId === null ? null : await this.checkpoints.archive(checkpointId);
    if (!archive) throw new LinkExpiredError();
    return archive;
  }
}

class LinkExpiredError extends AppError {
  constructor() {
    const remedy = 'Ask for a new one with GET .../checkpoints/{kind}/{name}/archive.';
    super('link_expired', 'user', 404, `This link is not good, or no longer. ${remedy}`, { remedy });
  }
}
