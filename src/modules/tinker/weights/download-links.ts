import { type Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { currentOwner, runAs } from '../../../common/caller.js';
import { AppError } from '../../../common/errors/app-error.js';
import { serverAddress } from '../../../common/http/server/server-address.js';
import { AppConfig } from '../../../config/app-config.js';
import { type CheckpointEntity, CheckpointLibrary } from '../../checkpoints/index.js';
import { ApiKeys, LinkSigner } from '../../keys/index.js';

const VALID_MS = 15 * 60_000;
const ARCHIVE = 'checkpoint.tar';

/**
 * Addresses of checkpoint archives and files that need no key: the SDK fetches them with a plain HTTP client. Whoever
 * asks for one has checked that the client may read the checkpoint. What is signed begins with the kind of link
 * and the key that asked for it, so none passes for another, and a link is good as long as that key is and may read what
 * the link leads to. Archives in a bucket have addresses of the bucket instead, which are good until they expire.
 */
@Injectable()
export class DownloadLinks {
  constructor(
    private readonly signer: LinkSigner,
    private readonly checkpoints: CheckpointLibrary,
    private readonly keys: ApiKeys,
    private readonly config: AppConfig,
  ) {}

  async toArchive(checkpoint: CheckpointEntity, request: Request): Promise<{ url: string; expires: Date }> {
    const expires = new Date(Date.now() + VALID_MS);
    const url = await this.checkpoints.archiveLink(checkpoint, { filename: ARCHIVE, validS: VALID_MS / 1000 });
    if (url !== null) return { url, expires };
    const token = await this.sign('archive', checkpoint.id, expires);
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
      const token = await this.sign('file', `${checkpoint.id}/${name}`, expires);
      urls[name] = `${serverAddress(request, this.config)}/api/v1/files/${token}`;
    }
    return { urls, expires };
  }

  /** The caller has checked that the session is the client's. */
  async toTrace(sessionId: string, request: Request): Promise<string> {
    const token = await this.sign('trace', sessionId, new Date(Date.now() + VALID_MS));
    return `${serverAddress(request, this.config)}/api/v1/traces/${token}`;
  }

  /** @throws LinkExpiredError when the link is not (or no longer) good, or the checkpoint is gone */
  async openArchive(token: string): Promise<Readable> {
    const { owner, subject } = await this.open('archive', token);
    const archive = await runAs(owner, () => this.checkpoints.archive(subject));
    if (!archive) throw new LinkExpiredError();
    return archive;
  }

  /** @throws LinkExpiredError when the link is not (or no longer) good, or the checkpoint is gone */
  async openFile(token: string): Promise<{ name: string; bytes: Uint8Array }> {
    const { owner, subject } = await this.open('file', token);
    const [checkpointId = '', name = ''] = subject.split('/');
    const bytes = await runAs(owner, () => this.checkpoints.file(checkpointId, name));
    if (!bytes) throw new LinkExpiredError();
    return { name, bytes };
  }

  /** Whose session the trace is of. @throws LinkExpiredError when the link is not (or no longer) good */
  async openTrace(token: string): Promise<{ owner: string; sessionId: string }> {
    const { owner, subject } = await this.open('trace', token);
    return { owner, sessionId: subject };
  }

  private sign(kind: LinkKind, subject: string, expires: Date): Promise<string> {
    return this.signer.sign(`${kind}/${currentOwner()}/${subject}`, expires);
  }

  /** @throws LinkExpiredError when it is not signed, too old, of another kind, or its key is not good any more */
  private async open(kind: LinkKind, token: string): Promise<{ owner: string; subject: string }> {
    const [signedKind, owner, ...subject] = (await this.signer.verify(token))?.split('/') ?? [];
    if (signedKind !== kind || owner === undefined || !(await this.keys.mayUse(owner))) throw new LinkExpiredError();
    return { owner, subject: subject.join('/') };
  }
}

type LinkKind = 'archive' | 'file' | 'trace';

class LinkExpiredError extends AppError {
  constructor() {
    const remedy =
      'Request a new one with GET .../checkpoints/{kind}/{name}/archive, .../external_weights_urls or .../trace_export.';
    super('link_expired', 'user', 404, `This link is invalid or has expired. ${remedy}`, { remedy });
  }
}
