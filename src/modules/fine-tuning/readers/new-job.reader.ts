import { describe, invalid, isGiven, type JsonObject, readObject } from '../../../common/json/json-fields.js';
import { type CreateJobDto } from '../dto/create-job.dto.js';
import { type NewJob } from '../new-job.js';
import { type Method, METHODS } from '../plan/training-settings.js';
import { readHyperparameters } from './hyperparameters.reader.js';

/** What POST /v1/fine_tuning/jobs asks for. @throws InvalidRequestError */
export function readNewJob(body: CreateJobDto): NewJob {
  refuseIntegrations(body.integrations);
  const { method, given, field } = readMethod(body);
  return {
    model: body.model,
    trainingFile: body.training_file,
    validationFile: body.validation_file ?? null,
    method,
    settings: readHyperparameters(given, method, field),
    field,
    suffix: body.suffix ?? null,
    seed: body.seed ?? null,
    metadata: body.metadata ?? null,
  };
}

/** Hyper-parameters stand with their method; older clients have them at the top. */
function readMethod(body: CreateJobDto): { method: Method; given: unknown; field: string } {
  const old = { method: 'supervised', given: body.hyperparameters, field: 'hyperparameters' } as const;
  if (!isGiven(body.method)) return old;
  const wanted = readObject(body.method, 'method', 'Pass {"type": "supervised"}.');
  const method = readType(wanted['type']);
  const field = `method.${method}.hyperparameters`;
  const own = readObject(wanted[method] ?? {}, `method.${method}`, 'Pass {"hyperparameters": {...}}.');
  const given = own['hyperparameters'];
  if (!isFilled(body.hyperparameters)) return { method, given, field };
  if (isFilled(given)) {
    throw invalid('hyperparameters', `and ${field} are both given.`, `Pass ${field} alone; the other is deprecated.`);
  }
  return { ...old, method };
}

function readType(type: unknown): Method {
  const method = METHODS.find((one) => one === type);
  if (method) return method;
  const remedy =
    type === 'reinforcement'
      ? 'This server runs no graders; train with POST /fwdbwd and one of the policy losses, such as "ppo".'
      : `Pass one of ${METHODS.join(', ')}.`;
  throw invalid('method.type', `is ${describe(type)}.`, remedy);
}

function isFilled(value: unknown): value is JsonObject {
  return isGiven(value) && !(typeof value === 'object' && Object.keys(value as object).length === 0);
}

function refuseIntegrations(integrations: unknown): void {
  if (!isGiven(integrations) || (Array.isArray(integrations) && integrations.length === 0)) return;
  const remedy = 'Omit it; GET /v1/fine_tuning/jobs/{id}/metrics gives the metrics as JSON, CSV or a stream.';
  throw invalid('integrations', 'are not supported: this server sends nothing to other services.', remedy);
}
