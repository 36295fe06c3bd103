import { type ModelFamily } from '../../compute/models/families/model-family.js';
import { ConfigReader, isRecord, type Json, unsupported } from './hf-config-reader.js';
import { parseRope } from './hf-rope-config.js';

/** RoPE types whose angles depend on the position alone and reach as far as max_position_embeddings. */
const FIXED_TYPES = ['default', 'linear'];

/** Names that Phi-3's own code gave to longrope; transformers takes them for it. */
const LONGROPE = ['longrope', 'su', 'yarn'];

/**
 * Longest sequence of a model that transformers computes, in tokens: as far as a token's angles do not depend on what
 * else is in the batch. @throws UnsupportedCheckpointError
 */
export function contextLengthOf(
  json: Json,
  { configuration }: ModelFamily,
  what: string,
  note: (text: string) => void,
): number {
  const read = new ConfigReader(json, what);
  const maxPositions = read.size('max_position_embeddings', configuration.defaults.max_position_embeddings);
  switch (configuration.rope) {
    case 'per_layer_type': {
      const unknown = ropeTypes(json).find((type) => !FIXED_TYPES.includes(type));
      if (unknown === undefined) return maxPositions;
      throw unsupported(what, `its RoPE type is "${unknown}"; supported types are ${FIXED_TYPES.join(', ')}`);
    }
    case 'longrope':
      return longropeContext(json, maxPositions, what, note);
    default: {
      const rope = parseRope(json, maxPositions, what);
      if (rope.note !== null) note(`${what}: ${rope.note}`);
      return rope.contextLength;
    }
  }
}

/**
 * Beyond the original length, transformers takes other frequencies for all tokens of the batch: one sequence then has
 * several results.
 */
function longropeContext(json: Json, maxPositions: number, what: string, note: (text: string) => void): number {
  const type = ropeTypes(json).find((stated) => stated !== 'default');
  if (type === undefined) return maxPositions;
  if (!LONGROPE.includes(type)) {
    throw unsupported(what, `its RoPE type is "${type}"; supported types are default and longrope`);
  }
  const original = new ConfigReader(json, what).size('original_max_position_embeddings', ORIGINAL_LENGTH);
  if (original >= maxPositions) return maxPositions;
  note(
    `${what}: RoPE of type longrope depends on the batch beyond ${original} tokens ` +
      `(original_max_position_embeddings), so sequences are limited to that length instead of ${maxPositions}.`,
  );
  return original;
}

/** Phi3Config's default. */
const ORIGINAL_LENGTH = 4096;

/** The types that rope_scaling and rope_parameters state, for the model or for types of layers. */
function ropeTypes(json: Json): string[] {
  const stated = [json['rope_scaling'], json['rope_parameters']].filter(isRecord);
  const all = [...stated, ...stated.flatMap((one) => Object.values(one).filter(isRecord))];
  return all.map((one) => one['rope_type'] ?? one['type']).filter((type) => typeof type === 'string');
}
