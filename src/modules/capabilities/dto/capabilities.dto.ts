import { VERSION } from '../../../common/version.js';
import { type ServerCapabilities } from '../capabilities.service.js';
import { ApiProperty } from '@nestjs/swagger';
import { TARGET_MODULES } from '../../../domain/adapter/lora-spec.js';

export class SupportedModelDto {
  /**
   * Value for base_model.
   * @example HuggingFaceTB/SmolLM2-135M-Instruct
   */
  model_id!: string;

  /**
   * Same as model_id.
   * @example HuggingFaceTB/SmolLM2-135M-Instruct
   */
  model_name!: string;

  /**
   * Model family.
   * @example llama
   */
  arch!: string;

  /**
   * Context length in tokens.
   * @example 8192
   */
  max_context_length!: number;

  /**
   * Size of the vocabulary.
   * @example 49152
   */
  vocab_size!: number;

  /**
   * Number of parameters.
   * @example 134515008
   */
  parameters!: number;

  /** Linears that can carry a LoRA: values for lora_config.target_modules. */
  @ApiProperty({ type: [String], enum: TARGET_MODULES, example: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'lm_head'] })
  target_modules!: string[];
}

export class CapabilitiesDto {
  /** Base models; the first is the default. */
  @ApiProperty({ type: [SupportedModelDto] })
  supported_models!: SupportedModelDto[];

  /** Values of loss_fn; GET /loss_functions describes them. */
  @ApiProperty({
    type: [String],
    example: ['cross_entropy', 'importance_sampling', 'ppo', 'cispo', 'dro', 'pairwise_dpo'],
  })
  loss_functions!: string[];

  /** Maximum rank of an adapter; null while no worker is running. */
  @ApiProperty({ type: Number, nullable: true, example: 256 })
  max_rank!: number | null;

  /**
   * Maximum adapters per key.
   * @example 10000
   */
  max_adapters_per_key!: number;

  /** Tensor engine of the worker; null while no worker is running. */
  @ApiProperty({ type: String, nullable: true, example: 'onnxruntime' })
  engine!: string | null;

  /** Device of the worker; null while no worker is running. */
  @ApiProperty({ type: String, nullable: true, example: 'cpu' })
  device!: string | null;

  /** Processes that the engine consists of; null while no worker is running. */
  @ApiProperty({ type: Number, nullable: true, example: 1 })
  ranks!: number | null;

  /**
   * How concurrent requests are batched: exact = with results that are bit-identical to those of a request alone;
   * rounding = with results that may differ by rounding; off = not at all. Null while no worker is running.
   */
  @ApiProperty({ type: String, enum: ['exact', 'rounding', 'off'], nullable: true, example: 'exact' })
  batching!: 'exact' | 'rounding' | 'off' | null;

  /**
   * Version of this server.
   * @example 0.1.0
   */
  version!: string;
}

export function toCapabilitiesDto(capabilities: ServerCapabilities): CapabilitiesDto {
  return {
    supported_models: capabilities.baseModels.map((model) => ({
      model_id: model.name,
      model_name: model.name,
      arch: model.family,
      max_context_length: model.contextLength,
      vocab_size: model.vocabSize,
      parameters: model.parameterCount,
      target_modules: [...model.targetModules],
    })),
    loss_functions: [...capabilities.lossFunctions],
    max_adapters_per_key: capabilities.maxAdaptersPerKey,
    max_rank: capabilities.maxRank,
    engine: capabilities.engine,
    device: capabilities.device,
    ranks: capabilities.ranks,
    batching: capabilities.batching,
    version: VERSION,
  };
}
