import { ApiProperty } from '@nestjs/swagger';

export class OpenAiModelDto {
  /**
   * Value for `model`.
   * @example my-model
   */
  id!: string;

  /** Kind of the object. */
  @ApiProperty({ enum: ['model'], example: 'model' })
  object!: 'model';

  /**
   * Seconds since 1970; for a base model, when the server started.
   * @example 1795910400
   */
  created!: number;

  /**
   * `base` for a base model, `adapter` for one of your adapters, `alias` for one of your aliases.
   * @example adapter
   */
  owned_by!: string;

  /** The base model of an adapter, the target of an alias; null for a base model. */
  @ApiProperty({ type: String, nullable: true, example: 'HuggingFaceTB/SmolLM2-135M-Instruct' })
  parent!: string | null;

  /**
   * Context length in tokens.
   * @example 8192
   */
  max_model_len!: number;
}

export class OpenAiModelListDto {
  /** Kind of the object. */
  @ApiProperty({ enum: ['list'], example: 'list' })
  object!: 'list';

  /** Base models, then your adapters, newest first. */
  @ApiProperty({ type: [OpenAiModelDto] })
  data!: OpenAiModelDto[];
}

export class OpenAiModelDeletedDto {
  /**
   * Name of the adapter.
   * @example my-model
   */
  id!: string;

  /** Kind of the object. */
  @ApiProperty({ enum: ['model'], example: 'model' })
  object!: 'model';

  /**
   * Always true.
   * @example true
   */
  deleted!: boolean;
}
