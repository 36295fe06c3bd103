import { invalid } from '../../../common/json/json-fields.js';
import { isMetadata } from '../../../common/http/validation/is-metadata.js';

const METADATA = /^metadata\[([^\]]*)\]$/;

/** The filter of a list of jobs, which clients write as `metadata[name]=text`; undefined without one. */
export function readMetadataFilter(query: object): Readonly<Record<string, string>> | undefined {
  const pairs = Object.entries(query).flatMap(([key, text]): [string, unknown][] => {
    const name = METADATA.exec(key)?.[1];
    return name === undefined ? [] : [[name, text]];
  });
  if (pairs.length === 0) return undefined;
  const wanted: unknown = Object.fromEntries(pairs);
  if (isMetadata(wanted)) return wanted;
  throw invalid('metadata', 'is not a filter.', 'Pass metadata[name]=text, each name once.');
}

/** The number at the end of an id of events or checkpoints, by which they are in order. */
export function readNumberOf(id: string | undefined): number | undefined {
  return id === undefined ? undefined : Number(id.slice(id.lastIndexOf('-') + 1));
}
