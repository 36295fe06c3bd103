/** Architecture of a dense decoder-only transformer of the Llama family, as read from a checkpoint's config.json. */
export interface TransformerConfig {
  readonly family: 'llama' | 'mistral' | 'qwen2' | 'qwen3';
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layerCount: number;
  readonly headCount: number;
  /** Key/value heads (grouped-query attention); divides headCount. */
  readonly kvHeadCount: number;
  readonly headDim: number;
  readonly rmsNormEps: number;
  /** Longest sequence the model was made for, in tokens. */
  readonly contextLength: number;
  /** Output projection shares the embedding matrix. */
  readonly tiedEmbeddings: boolean;
  /** Biases on q, k and v (Qwen2). */
  readonly qkvBias: boolean;
  /** RMS norm per head on q and k (Qwen3). */
  readonly qkNorm: boolean;
  readonly rope: RopeConfig;
}

export interface RopeConfig {
  readonly theta: number;
  /** Llama 3's frequency scaling, where the checkpoint uses it. */
  readonly llama3: {
    readonly factor: number;
    readonly lowFreqFactor: number;
    readonly highFreqFactor: number;
    readonly originalContextLength: number;
  } | null;
}
