import { InvalidRequestError } from '../../common/errors/request.errors.js';
import { type LossMetadata } from '../../losses/loss-function.js';

/** A loss in the caller's list. */
export interface ListedLoss {
  readonly metadata: LossMetadata;
  /** Newest version of the caller's own; null for one of the server. */
  readonly version: number | null;
  /** One of the server that the caller does not get, since it has registered the name before. */
  readonly shadowed: boolean;
}

/** Which part of the list is wanted. */
export interface LossFilter {
  /** A part of the name, in any case. */
  readonly name?: string;
  readonly origin?: 'server' | 'own';
  readonly limit?: number;
  readonly cursor?: string;
}

export interface LossPage {
  readonly losses: readonly ListedLoss[];
  /** Where the next page begins; null on the last one. */
  readonly nextCursor: string | null;
}

/**
 * A page of `all`: those of the server in their order, then the caller's own by name (in the order of code points).
 * @throws InvalidRequestError for a cursor that is none
 */
export function pageOf(all: readonly ListedLoss[], filter: LossFilter): LossPage {
  const { name = '', origin, limit = Infinity, cursor } = filter;
  const wanted = all.slice(cursor === undefined ? 0 : indexAfter(cursor, all)).filter((loss) => {
    const isNamed = loss.metadata.name.toLowerCase().includes(name.toLowerCase());
    return isNamed && (origin === undefined || originOf(loss) === origin);
  });
  const losses = wanted.slice(0, limit);
  const last = losses.at(-1);
  const isMore = losses.length < wanted.length;
  return { losses, nextCursor: last && isMore ? `${originOf(last)}.${last.metadata.name}` : null };
}

function originOf({ version }: ListedLoss): 'server' | 'own' {
  return version === null ? 'server' : 'own';
}

/** Of the caller's own, that one may have been deleted since. */
function indexAfter(cursor: string, all: readonly ListedLoss[]): number {
  const [, origin, name = ''] = /^(server|own)\.(\w+)$/.exec(cursor) ?? [];
  const at = all.findIndex((loss) => {
    if (originOf(loss) !== origin) return false;
    return origin === 'own' ? loss.metadata.name > name : loss.metadata.name === name;
  });
  if (origin === 'own') return at < 0 ? all.length : at;
  if (at >= 0) return at + 1;
  const remedy = 'Pass next_cursor of the previous page unchanged, or omit it to start over.';
  throw new InvalidRequestError('cursor is not a cursor returned by this list.', { field: 'cursor', remedy });
}
