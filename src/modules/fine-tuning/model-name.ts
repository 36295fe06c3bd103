import { ulid } from 'ulid';

/** So that a whole name has at most 128 characters, with a suffix of 64. */
const MAX_BASE = 48;

/** Random characters of a ULID. */
const RANDOM = 10;

/**
 * `ft:<base model's short name>:<suffix>:<id>`, as OpenAI names fine-tuned models; without the organisation. The id makes
 * names of jobs with one suffix differ.
 */
export function fineTunedModelName(baseModel: string, suffix: string | null): string {
  const short = baseModel.slice(baseModel.lastIndexOf('/') + 1).replace(/[^A-Za-z0-9._-]/g, '_');
  return `ft:${short.slice(0, MAX_BASE)}:${suffix ?? ''}:${ulid().slice(-RANDOM).toLowerCase()}`;
}
