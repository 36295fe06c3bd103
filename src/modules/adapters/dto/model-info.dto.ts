import { ApiProperty } from '@nestjs/swagger';
import { type BaseModel } from '../../../base-models/base-model.js';
import { type AdapterEntity } from '../entities/adapter.entity.js';
import { AdapterLoraDto, toLoraDto } from './adapter.dto.js';

export class ModelDataDto {
  /**
   * Model family.
   * @example llama
   */
  arch!: string;

  /**
   * Name of the base model.
   * @example HuggingFaceTB/SmolLM2-135M-Instruct
   */
  model_name!: string;

  /**
   * Folder or id from which a Hugging Face tokenizer can be loaded.
   * @example HuggingFaceTB/SmolLM2-135M-Instruct
   */
  tokenizer_id!: string;
}

export class ModelInfoDto {
  /**
   * The requested name.
   * @example my-model
   */
  model_id!: string;

  /** The base model. */
  @ApiProperty({ type: ModelDataDto })
  model_data!: ModelDataDto;

  /**
   * Name of the base model.
   * @example HuggingFaceTB/SmolLM2-135M-Instruct
   */
  model_name!: string;

  /**
   * False for a bare base model.
   * @example true
   */
  is_lora!: boolean;

  /**
   * Rank of the low-rank matrices.
   * @example 16
   */
  lora_rank?: number;

  /** LoRA settings. */
  @ApiProperty({ type: AdapterLoraDto })
  lora_config?: AdapterLoraDto;

  /**
   * Number of trainable parameters.
   * @example 921600
   */
  trainable_params?: number;

  /**
   * Optimiser steps taken.
   * @example 12
   */
  step?: number;

  /**
   * Context length in tokens.
   * @example 8192
   */
  max_context_length!: number;
}

export function toModelInfoDto(modelId: string, model: BaseModel, adapter: AdapterEntity | null): ModelInfoDto {
  const { name, folder, config } = model;
  // A hub id loads anywhere; a local model's tokenizer loads from its folder on the same machine.
  const tokenizerId = name.includes('/') ? name : folder;
  return {
    model_id: modelId,
    model_data: { arch: config.family, model_name: name, tokenizer_id: tokenizerId },
    model_name: name,
    is_lora: adapter !== null,
    ...(adapter && {
      lora_rank: adapter.rank,
      lora_config: toLoraDto(adapter.lora),
      trainable_params: adapter.trainableParams,
      step: adapter.step,
    }),
    max_context_length: config.contextLength,
  };
}
