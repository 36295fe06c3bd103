import { readFileSync } from 'node:fs';
import path from 'node:path';

const FOLDER = path.join(import.meta.dirname, '..', '..', 'sdk', 'recorded');

/** Bytes that the SDK's own converters made (test/sdk/record_requests.py). */
export function recorded(name: string, sdk = '0.38.0'): Buffer {
  return Buffer.from(readFileSync(path.join(FOLDER, `${name}-${sdk}.hex`), 'utf8').replace(/\s/g, ''), 'hex');
}
