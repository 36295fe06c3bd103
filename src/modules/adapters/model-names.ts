import { randomBytes } from 'node:crypto';
import { invalid } from '../../common/json/json-fields.js';
import { shortened } from '../../common/shortened.js';

const MODEL_ID = /^[A-Za-z0-9_:-][A-Za-z0-9._:-]{0,127}$/;
/** What the Tinker SDK names the runs of a session; other keys read public checkpoints under it. */
const SESSION_RUN = /^(session_\w+):train:\d+$/;
const REMEDY = 'Use 1 to 128 letters, digits, dots, dashes, underscores and colons, not starting with a dot.';

/** Whether an adapter can have this name at all. */
export function isModelId(name: string): boolean {
  return MODEL_ID.test(name);
}

/**
 * A client's name for an adapter. Base models' names and 'base' are reserved: in /generate and /fwd they mean the bare
 * model. Names of a Tinker session's runs are for that session, so that nobody can pass for another one's run.
 * @param field what the client calls the name
 */
export function checkModelId(
  modelId: string,
  baseModels: readonly string[],
  sessionId?: string,
  field = 'model_id',
): string {
  if (!isModelId(modelId)) {
    throw invalid(field, `${JSON.stringify(shortened(modelId, 40))} is not a valid name.`, REMEDY);
  }
  if (modelId === 'base' || baseModels.includes(modelId)) {
    throw invalid(field, `'${modelId}' is reserved for the base model.`, 'Choose another name.');
  }
  const session = SESSION_RUN.exec(modelId)?.[1];
  if (session !== undefined && session !== sessionId) {
    const remedy = 'Choose another name, or create it in its session with POST /api/v1/create_model.';
    throw invalid(field, `'${modelId}' is reserved for a Tinker session.`, remedy);
  }
  return modelId;
}

/** A fresh name: `<base model's short name>_lora_<8 hex digits>`. */
export function generateModelId(baseModel: string): string {
  const short = baseModel.slice(baseModel.lastIndexOf('/') + 1).replace(/[^A-Za-z0-9._:-]/g, '_');
  return `${short.replace(/^\.+/, '').slice(0, 100)}_lora_${randomBytes(4).toString('hex')}`;
}
