import type { Request } from 'express';
import { type BaseModel } from '../../../base-models/base-model.js';

const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;
/** What proxies add. */
const FORWARDED = ['forwarded', 'x-forwarded-for'];

/**
 * What a client gives to AutoTokenizer: the model's folder where it can read it (it is on this machine), else the
 * model's name, which the hub knows, or this server with HF_ENDPOINT=<server>/hf. A proxy on this machine is no such
 * client, and neither is the near end of a tunnel, which only PUBLIC_URL tells apart.
 */
export function tokenizerId(
  { folder, name }: BaseModel,
  { socket, headers }: Pick<Request, 'socket' | 'headers'>,
  { publicUrl }: { readonly publicUrl: string },
): string {
  const isHere = LOOPBACK.test(socket.remoteAddress ?? '');
  const isProxied = publicUrl !== '' || FORWARDED.some((header) => headers[header] !== undefined);
  return isHere && !isProxied ? folder : name;
}
