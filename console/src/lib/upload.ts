import { toApiError } from '../../../clients/typescript/src/http/errors.js';
import { endSession, HEADER, type Schemas } from './api.js';

interface UploadOptions {
  /** Share that is sent, from 0 to 1. */
  readonly onProgress: (share: number) => void;
  readonly signal: AbortSignal;
}

/** Uploads training data. Not by fetch, which does not tell how much of a body is sent. */
export function upload(file: File, { onProgress, signal }: UploadOptions): Promise<void> {
  const form = new FormData();
  form.append('purpose', 'fine-tune' satisfies Schemas['UploadFileDto']['purpose']);
  form.append('file', file, file.name);
  const request = new XMLHttpRequest();
  request.open('POST', '/v1/files');
  for (const [name, value] of Object.entries(HEADER)) request.setRequestHeader(name, value);
  request.upload.addEventListener('progress', ({ loaded, total }) => onProgress(loaded / total));
  signal.addEventListener('abort', () => request.abort());
  return new Promise((resolve, reject) => {
    request.addEventListener('error', () => reject(new Error('The connection broke. Upload the file again.')));
    request.addEventListener('load', () => {
      if (request.status === 401) endSession();
      if (request.status < 300) resolve();
      else reject(toApiError(request.status, request.responseText));
    });
    request.send(form);
  });
}
