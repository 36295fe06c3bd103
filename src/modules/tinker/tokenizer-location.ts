import { type BaseModel } from '../../base-models/base-model.js';

const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

/**
 * What a client gives to AutoTokenizer: the model's folder where it can read it (it is on this machine), else the
 * model's name, which the hub knows, or this server with HF_ENDPOINT=<server>/hf.
 */
export function tokenizerId(model: BaseModel, remoteAddress: string | undefined): string {
  return remoteAddress !== undefined && LOOPBACK.test(remoteAddress) ? model.folder : model.name;
}
