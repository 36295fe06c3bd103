/**
 * What every engine and the service know of a base model, from its config.json: its sizes, from which follow its
 * parameters, the linears that can carry a LoRA, and the shapes of adapters (src/compute/models). An engine that computes
 * the model itself knows more of it: see TransformerConfig.
 */
export interface ModelConfig {
  readonly family: ModelFamilyName;
  readonly vocabSize: number;
  readonly hiddenSize: number;
  /** Inner size of the MLP; of a mixture of experts, that of one expert. */
  readonly intermediateSize: number;
  readonly layerCount: number;
  readonly headCount: number;
  /** Key/value heads (grouped-query attention); divides headCount. */
  readonly kvHeadCount: number;
  readonly headDim: number;
  /** Experts in the MLP of every layer; undefined in a dense model. */
  readonly expertCount?: number;
  /** Longest sequence that is computed, in tokens. */
  readonly contextLength: number;
  /** Output projection shares the embedding matrix. */
  readonly tiedEmbeddings: boolean;
}

/** As in config.json's `model_type`. */
export type ModelFamilyName =
  'gemma3_text' | 'llama' | 'mistral' | 'olmo2' | 'phi3' | 'qwen2' | 'qwen3' | 'qwen3_moe' | 'smollm3';
