import { InvalidTrainingFileError } from '../dataset.errors.js';
import { type ByteSource, type Container } from './container.js';
import { JSONL } from './jsonl.container.js';

const HEAD_BYTES = 4096;
const FORMATS = 'Upload JSONL, CSV (.csv) or Parquet.';

/** By its first bytes, and by its name where these do not tell. @throws InvalidTrainingFileError */
export async function findContainer(source: ByteSource, filename: string): Promise<Container> {
  const head = Buffer.from(await source.read(0, Math.min(HEAD_BYTES, source.size)));
  if (/^\s*$/.test(head.toString('latin1')) && source.size <= HEAD_BYTES) throw unreadable('The file is empty.');
  if (head[0] === 0x1f && head[1] === 0x8b) throw unreadable(`The file is compressed with gzip. ${FORMATS}`);
  if (head.toString('latin1', 0, 4) === 'PK\u0003\u0004') throw unreadable(`The file is a zip archive. ${FORMATS}`);
  void filename;
  return JSONL;
}

function unreadable(problem: string): InvalidTrainingFileError {
  return new InvalidTrainingFileError([{ place: null, problem }]);
}
