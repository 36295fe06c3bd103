import { type LocalFamily } from '../../compute/models/families/model-family.js';
import { COMMON_DEFAULTS } from './hf-model-family.js';
import { ConfigReader, type Json, unsupported } from './hf-config-reader.js';

/**
 * Tokens that attention reaches back to, itself included, in the layers that slide; null if none does. Up to that length
 * sliding and full attention are the same.
 */
export function attentionWindow(json: Json, family: LocalFamily, layerCount: number, what: string): number | null {
  const window = statedWindow(json, family, what);
  const layerTypes = parseLayerTypes(json, family, layerCount, what);
  if (layerTypes) {
    if (!layerTypes.includes('sliding_attention')) return null;
    if (window !== null) return window;
    throw unsupported(what, 'it has layers of type sliding_attention (layer_types), but no sliding_window');
  }
  if (!hasWindowSwitch(family)) return window;
  const read = new ConfigReader(json, what);
  const fullLayers =
    json['max_window_layers'] === 0 ? 0 : read.size('max_window_layers', COMMON_DEFAULTS.max_window_layers);
  return fullLayers < layerCount ? window : null;
}

function statedWindow(json: Json, family: LocalFamily, what: string): number | null {
  const read = new ConfigReader(json, what);
  if (hasWindowSwitch(family) && !read.flag('use_sliding_window', COMMON_DEFAULTS.use_sliding_window)) return null;
  if (json['sliding_window'] === null) return null;
  if (family.configuration.slidingWindow === 'if_stated' && json['sliding_window'] === undefined) return null;
  return read.size('sliding_window', COMMON_DEFAULTS.sliding_window);
}

function hasWindowSwitch({ configuration }: LocalFamily): boolean {
  return configuration.slidingWindow === 'if_enabled';
}

function parseLayerTypes(json: Json, family: LocalFamily, layerCount: number, what: string): readonly unknown[] | null {
  const layerTypes = json['layer_types'];
  const { rejectsLayerTypes: other } = family.configuration;
  if (other !== undefined && layerTypes !== undefined) {
    throw unsupported(what, `it specifies layer_types, which makes transformers load it as a ${other}`);
  }
  if (layerTypes === undefined || layerTypes === null) return null;
  const types: readonly unknown[] = Array.isArray(layerTypes) ? layerTypes : [];
  if (types.length !== layerCount) {
    throw unsupported(what, `layer_types in its config.json does not list its ${layerCount} layers`);
  }
  const unknown = types.find((type) => type !== 'full_attention' && type !== 'sliding_attention');
  if (unknown === undefined) return types;
  throw unsupported(what, `it has layers of type ${JSON.stringify(unknown)} (layer_types)`);
}
