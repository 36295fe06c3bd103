import { type TransformerConfig } from '../../../domain/model/transformer-config.js';
import { type Tensor } from '../../graph/graph.js';
import { type Operations } from '../../graph/operations.js';
import { type LoraLinears } from '../lora-linears.js';
import { type SequenceLayout } from '../sequence-layout.js';

/** Parameters by their Hugging Face names, with shapes as stored ([out, in] for linears). */
export type ParameterShapes = readonly (readonly [name: string, shape: readonly number[]])[];

/** What one decoder layer is recorded with. */
export interface LayerContext {
  readonly ops: Operations;
  readonly config: TransformerConfig;
  readonly linears: LoraLinears;
  readonly layout: SequenceLayout;
  /** Index of the layer, from 0. */
  readonly layer: number;
}

/** A decoder layer, [T, H] -> [T, H], recorded into a graph. */
export type DecoderLayer = (hidden: Tensor) => Tensor;

/**
 * A model family: everything by which one class of transformers differs from the others, in one file. What all families
 * share (embedding, residual stream, final norm, output projection) is in transformer.ts.
 */
export interface ModelFamily {
  /** As in TransformerConfig.family and in config.json's `model_type`. */
  readonly name: TransformerConfig['family'];
  /** The model class of transformers, as in config.json's `architectures`. */
  readonly architecture: string;
  /** How the configuration class of transformers reads config.json. */
  readonly configuration: FamilyConfiguration;
  /** Parameters of one layer, named relative to `model.layers.<n>.`, in the order in which weight files hold them. */
  layerParameters(config: TransformerConfig): ParameterShapes;
  decoderLayer(context: LayerContext): DecoderLayer;
}

/** Where the configuration classes of transformers 5 differ. What they have in common is in hf-model-family.ts. */
export interface FamilyConfiguration {
  readonly defaults: ConfigurationDefaults;
  /** Fields whose null transformers reads as "derive it"; elsewhere it rejects null. */
  readonly derivedFromNull: readonly ('head_dim' | 'num_key_value_heads')[];
  /**
   * When `sliding_window` counts: `always`; `if_stated`, when config.json has it; `if_enabled`, when `use_sliding_window` is
   * true, for the layers from `max_window_layers` on.
   */
  readonly slidingWindow: 'always' | 'if_stated' | 'if_enabled';
  /** transformers loads a config.json with `layer_types` as another class. */
  readonly rejectsLayerTypes?: string;
  /** The class rejects a hidden_size that is not a multiple of num_attention_heads, even if head_dim is given. */
  readonly headsDivideHiddenSize?: boolean;
  /** Fields that change other families' computation and that this class never reads. */
  readonly unreadFields?: readonly string[];
}

/** Values of absent fields that differ between families; null = derived from other fields. */
export interface ConfigurationDefaults {
  readonly vocab_size: number;
  readonly intermediate_size: number;
  readonly max_position_embeddings: number;
  /** null = num_attention_heads */
  readonly num_key_value_heads: number | null;
  /** null = hidden_size / num_attention_heads, rounded down */
  readonly head_dim: number | null;
}
