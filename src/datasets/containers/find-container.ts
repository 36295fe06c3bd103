import { InvalidTrainingFileError } from '../dataset.errors.js';
import { type ByteSource, type Container } from './container.js';
import { CSV } from './csv.container.js';
import { JSON_LIST } from './json-list.container.js';
import { JSONL } from './jsonl.container.js';
import { PARQUET } from './parquet.container.js';

const HEAD_BYTES = 4096;
const FORMATS = 'Upload JSONL, JSON, CSV (.csv) or Parquet.';

/** Of what people upload by mistake. */
const FOREIGN: readonly { readonly magic: string; readonly name: string }[] = [
  { magic: '\x1f\x8b', name: 'compressed with gzip' },
  { magic: '\x28\xb5\x2f\xfd', name: 'compressed with zstd' },
  { magic: 'PK\x03\x04', name: 'a zip archive' },
  { magic: '\xff\xfe', name: 'in UTF-16' },
  { magic: '\xfe\xff', name: 'in UTF-16' },
];

/** By its first bytes; only CSV is told by its name. @throws InvalidTrainingFileError */
export async function findContainer(source: ByteSource, filename: string): Promise<Container> {
  const head = Buffer.from(await source.read(0, Math.min(HEAD_BYTES, source.size))).toString('latin1');
  const text = head.replace(/^\xef\xbb\xbf/, '').trimStart();
  if (text === '' && source.size <= HEAD_BYTES) throw unreadable('The file is empty.');
  const foreign = FOREIGN.find(({ magic }) => head.startsWith(magic));
  if (foreign) throw unreadable(`The file is ${foreign.name}. ${FORMATS}`);
  if (isParquet(Buffer.from(head, 'latin1'))) return PARQUET;
  if (/\.csv$/i.test(filename)) return CSV;
  return text.startsWith('[') ? JSON_LIST : JSONL;
}

/** By the first four bytes. */
export function isParquet(head: Uint8Array): boolean {
  return Buffer.from(head).toString('latin1').startsWith('PAR1');
}

function unreadable(problem: string): InvalidTrainingFileError {
  return new InvalidTrainingFileError([{ location: null, problem }]);
}
