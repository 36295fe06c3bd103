import { currentOwner } from '../../../common/caller.js';
import { isStorable } from '../../../common/http/validation/is-storable.js';
import { describe, invalid } from '../../../common/json/json-fields.js';
import { type NewFile } from '../files.service.js';

/** Purposes of OpenAI's API that need services which this server does not have. */
const OTHER_PURPOSES = ['assistants', 'batch', 'evals', 'user_data', 'vision'];
const PURPOSE_REMEDY = 'Use fine-tune.';
const ANCHOR_REMEDY = 'Use created_at.';
const MIN_EXPIRY_S = 3600;
const MAX_EXPIRY_S = 2_592_000;
const MAX_FILENAME = 255;

/** What the fields of a form say of its file. @throws InvalidRequestError */
export function readNewFile(fields: ReadonlyMap<string, string>, filename: string): NewFile {
  return {
    owner: currentOwner(),
    filename: readFilename(filename),
    purpose: readPurpose(fields.get('purpose')),
    expiresAt: readExpiry(fields),
  };
}

function readPurpose(purpose: string | undefined): 'fine-tune' {
  if (purpose === 'fine-tune') return purpose;
  const isKnown = purpose !== undefined && OTHER_PURPOSES.includes(purpose);
  throw invalid('purpose', isKnown ? `${purpose} is not supported.` : `is ${describe(purpose)}.`, PURPOSE_REMEDY);
}

function readFilename(filename: string): string {
  if (filename === '') return 'file';
  if (filename.length <= MAX_FILENAME && isStorable(filename)) return filename;
  throw invalid('file', 'has a name that cannot be stored.', `Use at most ${MAX_FILENAME} characters.`);
}

/** `expires_after[anchor]` and `expires_after[seconds]`. */
function readExpiry(fields: ReadonlyMap<string, string>): Date | null {
  const anchor = fields.get('expires_after[anchor]');
  const seconds = fields.get('expires_after[seconds]');
  if (anchor === undefined && seconds === undefined) return null;
  if (anchor !== 'created_at') throw invalid('expires_after.anchor', `is ${describe(anchor)}.`, ANCHOR_REMEDY);
  const value = /^\d{1,9}$/.test(seconds ?? '') ? Number(seconds) : NaN;
  if (value >= MIN_EXPIRY_S && value <= MAX_EXPIRY_S) return new Date(Date.now() + value * 1000);
  const remedy = `Use a whole number from ${MIN_EXPIRY_S} to ${MAX_EXPIRY_S}.`;
  throw invalid('expires_after.seconds', `is ${describe(seconds)}.`, remedy);
}
