import type { Request } from 'express';

/** Where clients reach this server, without a slash at the end: PUBLIC_URL, else as the request was addressed. */
export function serverAddress(request: Request, { publicUrl }: { readonly publicUrl: string }): string {
  if (publicUrl !== '') return publicUrl.replace(/\/+$/, '');
  return `${request.protocol}://${request.get('host') ?? 'localhost'}`;
}
