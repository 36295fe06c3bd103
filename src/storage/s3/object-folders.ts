import { type StoredFolder } from '../checkpoint-store.js';
import { type S3Bucket } from './s3-bucket.js';

/**
 * What lies right below a prefix, as folders: each as young as the youngest object in it. `ending`: of objects that count
 * as folders themselves; without one, objects right below the prefix are not folders.
 */
export async function foldersOf(bucket: S3Bucket, prefix: string, ending?: string): Promise<StoredFolder[]> {
  const newest = new Map<string, Date>();
  for await (const { key, writtenAt } of bucket.list(prefix, `Stored folder ${prefix}`)) {
    const [first = '', ...deeper] = key.slice(prefix.length).split('/');
    const name = deeper.length > 0 ? first : withoutEnding(first, ending);
    if (name === null) continue;
    const known = newest.get(name);
    if (known === undefined || known < writtenAt) newest.set(name, writtenAt);
  }
  return [...newest].map(([name, writtenAt]) => ({ name, writtenAt })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function withoutEnding(name: string, ending: string | undefined): string | null {
  return ending !== undefined && name.endsWith(ending) ? name.slice(0, -ending.length) : null;
}
