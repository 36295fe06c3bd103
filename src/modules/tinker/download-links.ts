import { type Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { currentOwner } from '../../common/caller.js';
import { AppError } from '../../common/errors/app-error.js';
import { serverAddress } from '../../common/http/server-address.js';
import { AppConfig } from '../../config/app-config.js';
import { type CheckpointEntity, CheckpointLibrary } from '../checkpoints/index.js';
import { LinkSigner } from '../keys/index.js';

const VALID_MS = 15 * 60_000;

/**
 * Addresses of checkpoint archives and files that need no key: the SDK fetches them with a plain HTTP client. Whoever
 * asks for one has checked that the client may read the checkpoint. What is signed is `<checkpoint>` for an archive,
 * `<checkpoint>/<file>` for a file and `trace/<owner>/<session>` for a trace, so none passes for another.
 */
@Injectable()
export class DownloadLinks {
  constructor(
    private readonly signer: LinkSigner,
    private readonly checkpoints: CheckpointLibrary,
    private readonly config: AppConfig,
  ) {}

  async toArchive(checkpointId: string, request: Request): Promise<{ url: string; expires: Date }> {
    const expires = new Date(Date.now() + VALID_MS);
    const token = await this.signer.sign(checkpointId, expires);
    return { url: `${serverAddress(request, this.config)}/api/v1/archives/${token}`, expires };
  }

  /** By the file's name. */
  async toFiles(
    checkpoint: CheckpointEntity,
    request: Request,
  ): Promise<{ urls: Record<string, string>; expires: Date }> {
    const expires = new Date(Date.now() + VALID_MS);
    const urls: Record<string, string> = {};
    for (const name of await this.checkpoints.fileNames(checkpoint)) {
      const token = await this.signer.sign(`${checkpoint.id}/${name}`, expires);
      urls[name] = `${serverAddress(request, this.config)}/api/v1/files/${token}`;
    }
    return { urls, expires };
  }

  /** @throws LinkExpiredError when the link is not (or no longer) good, or the checkpoint is gone */
  async openArchive(token: string): Promise<Readable> {
    const checkpointId = await this.signer.verify(token);
    const archive = checkpointId === null ? null : await this.checkpoints.archive(checkpointId);
    if (!archive) throw new LinkExpiredError();
    return archive;
  }

  /** @throws LinkExpiredError when the link is not (or no longer) good, or the checkpoint is gone */
  async openFile(token: string): Promise<{ name: string; bytes: Uint8Array }> {
    const [checkpointId = '', name] = (await this.signer.verify(token))?.split('/') ?? [];
    const bytes = name === undefined ? null : await this.checkpoints.file(checkpointId, name);
    if (name === undefined || !bytes) throw new LinkExpiredError();
    return { name, bytes };
  }

  /** The caller has checked that the session is the client's. */
  async toTrace(sessionId: string, request: Request): Promise<string> {
    const subject = `trace/${currentOwner()}/${sessionId}`;
    const token = await this.signer.sign(subject, new Date(Date.now() + VALID_MS));
    return `${serverAddress(request, this.config)}/api/v1/traces/${token}`;
  }

  /** Whose session the trace is of. @throws LinkExpiredError when the link is not (or no longer) good */
  async openTrace(token: string): Promise<{ owner: string; sessionId: string }> {
    const [kind, owner = '', sessionId] = (await this.signer.verify(token))?.split('/') ?? [];
    if (kind !== 'trace' || sessionId === undefined) throw new LinkExpiredError();
    return { owner, sessionId };
  }
}

class LinkExpiredError extends AppError {
  constructor() {
    const remedy =
      'Ask for a new one with GET .../checkpoints/{kind}/{name}/archive, .../external_weights_urls or .../trace_export.';
    super('link_expired', 'user', 404, `This link is not good, or no longer. ${remedy}`, { remedy });
  }
}
