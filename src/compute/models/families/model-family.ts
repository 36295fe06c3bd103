import { type ModelConfig, type ModelFamilyName } from '../../../domain/model/model-config.js';
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

/** A model family: how one class of transformers reads config.json, and the parameters that it has then, in one file. */
export interface ModelFamily {
  readonly name: ModelFamilyName;
  /** The model class of transformers, as in config.json's `architectures`. */
  readonly architecture: string;
  /** How the configuration class of transformers reads config.json. */
  readonly configuration: FamilyConfiguration;
  /** Parameters of one layer, named relative to `model.layers.<n>.`, in the order in which weight files hold them. */
  layerParameters(config: ModelConfig): ParameterShapes;
}

/**
 * A family that the local engine computes, with everything by which it differs from the others. What all families share
 * (embedding, residual stream, final norm, output projection) is in transformer.ts.
 */
export interface LocalFamily extends ModelFamily {
  readonly name: TransformerConfig['family'];
  readonly configuration: LocalFamilyConfiguration;
  decoderLayer(context: LayerContext): DecoderLayer;
}

/** Where the configuration classes of transformers 5 differ. What they have in common is in hf-model-family.ts. */
export interface FamilyConfiguration {
  readonly defaults: ConfigurationDefaults;
  /** Fields whose null transformers reads as "derive it"; elsewhere it rejects null. */
  readonly derivedFromNull: readonly ('head_dim' | 'num_key_value_heads')[];
  /** The class rejects a hidden_size that is not a multiple of num_attention_heads, even if head_dim is given. */
  readonly headsDivideHiddenSize?: boolean;
  /** Fields that change other families' computation and that this class never reads. */
  readonly unreadFields?: readonly string[];
  /** Fields that change the computation of this family alone; transformers reads them, and nothing else needs to. */
  readonly ownFields?: readonly string[];
  /** How RoPE is stated: per type of layer, as longrope; undefined where it is stated as Llama's. */
  readonly rope?: 'per_layer_type' | 'longrope';
  /** Defaults of a mixture of experts. */
  readonly experts?: { readonly num_experts: number; readonly moe_intermediate_size: number };
  /** Values of `auto_map` that name the class's first home, before it became part of transformers. */
  readonly formerCode?: readonly string[];
}

/** What the local engine must know beyond that, because it does not leave the computation to transformers. */
export interface LocalFamilyConfiguration extends FamilyConfiguration {
  /**
   * When `sliding_window` counts: `always`; `if_stated`, when config.json has it; `if_enabled`, when `use_sliding_window` is
   * true, for the layers from `max_window_layers` on.
   */
  readonly slidingWindow: 'always' | 'if_stated' | 'if_enabled';
  /** transformers loads a config.json with `layer_types` as another class. */
  readonly rejectsLayerTypes?: string;
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
  // Where they differ from the common ones (COMMON_DEFAULTS in hf-model-family.ts):
  readonly hidden_size?: number;
  readonly num_hidden_layers?: number;
  readonly num_attention_heads?: number;
  readonly tie_word_embeddings?: boolean;
}
