import { BACKEND_FAMILIES, type BackendKind } from '../../compute/models/families/model-families.js';
import { type ModelFamily } from '../../compute/models/families/model-family.js';
import { type ModelConfig } from '../../domain/model/model-config.js';
import { parseHfConfig } from './hf-config.js';
import { refuseUnsupportedFields } from './hf-config-fields.js';
import { ConfigReader, isRecord, type Json, unsupported } from './hf-config-reader.js';
import { contextLengthOf } from './hf-context-length.js';
import { familyOf, isLocalFamily } from './hf-model-family.js';
import { parseSizes } from './hf-sizes.js';

/**
 * A Hugging Face config.json as what the service knows of a base model. A family that the local engine computes is read
 * as for that engine, so a model is the same on every backend; of the others, transformers itself reads what it computes,
 * and here are read the sizes, and refused what the backend would compute otherwise.
 *
 * @param what names the model in errors
 * @param note called with what the operator should know: limits of the context, fields that nothing reads
 * @throws UnsupportedCheckpointError with the reason
 */
export function parseModelConfig(
  json: unknown,
  what: string,
  backend: BackendKind,
  note: (text: string) => void = () => undefined,
): ModelConfig {
  if (!isRecord(json)) throw unsupported(what, 'its config.json is not a JSON object');
  const family = familyOf(json, what, BACKEND_FAMILIES[backend]);
  if (isLocalFamily(family)) return parseHfConfig(json, what, note);
  refuseUnsupportedFields(json, family, what, note);
  return {
    family: family.name,
    ...parseSizes(json, family, what),
    ...parseExperts(json, family, what),
    contextLength: contextLengthOf(json, family, what, note),
  };
}

/** Every layer has experts, as in all published models; transformers could mix such layers with dense ones. */
function parseExperts(
  json: Json,
  { configuration }: ModelFamily,
  what: string,
): Partial<Pick<ModelConfig, 'expertCount' | 'intermediateSize'>> {
  if (!configuration.experts) return {};
  const read = new ConfigReader(json, what);
  const denseLayers = json['mlp_only_layers'] ?? [];
  if (read.size('decoder_sparse_step', 1) !== 1 || !Array.isArray(denseLayers) || denseLayers.length > 0) {
    throw unsupported(what, 'some of its layers have no experts (decoder_sparse_step, mlp_only_layers)');
  }
  // transformers 5 writes the number under the second name.
  const key = Object.hasOwn(json, 'num_experts') ? 'num_experts' : 'num_local_experts';
  return {
    expertCount: read.size(key, configuration.experts.num_experts),
    intermediateSize: read.size('moe_intermediate_size', configuration.experts.moe_intermediate_size),
  };
}
