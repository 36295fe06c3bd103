import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';

/*
 * Bodies of forward_backward and forward as Swagger UI shows them. No validator reads these classes: the codecs (JSON
 * and protobuf) do, since bodies are long.
 */

export class TinkerTokenChunkDto {
  /** Type of the chunk; only text is supported. */
  @ApiProperty({ enum: ['encoded_text'], default: 'encoded_text', example: 'encoded_text' })
  type?: string;

  /** Token ids of the base model. */
  @ApiProperty({ type: [Number], example: [1, 2, 3] })
  tokens!: number[];
}

export class TinkerModelInputDto {
  /** Chunks, concatenated in order: N tokens in total. */
  @ApiProperty({ type: [TinkerTokenChunkDto] })
  chunks!: TinkerTokenChunkDto[];
}

export class TinkerInputTensorDto {
  /** The numbers, row by row; for a sparse tensor, the non-zero ones. */
  @ApiProperty({ type: [Number], example: [2, 3, 4] })
  data!: number[];

  /** Type of the numbers; the loss determines how they are used. */
  @ApiProperty({ enum: ['float32', 'int64', 'int32'], example: 'int64' })
  dtype?: string;

  /** [N], or [N, K] for K targets per position. Default: the length of data. */
  @ApiProperty({ type: [Number], example: [3] })
  shape?: number[];

  /** For a sparse tensor: the start of each row in data, and the end (N + 1 numbers). */
  @ApiProperty({ type: [Number], example: [0, 1, 2, 3] })
  sparse_crow_indices?: number[];

  /** For a sparse tensor: the column of each number. */
  @ApiProperty({ type: [Number], example: [0, 1, 0] })
  sparse_col_indices?: number[];
}

@ApiExtraModels(TinkerInputTensorDto)
export class TinkerDatumDto {
  /** The N input tokens. */
  @ApiProperty({ type: TinkerModelInputDto })
  model_input!: TinkerModelInputDto;

  /**
   * By name, a row for each of the N tokens: GET /loss_functions lists the inputs of each loss; others are ignored. A
   * target of -100 is ignored: its position does not count, whatever its weight, and the log-prob there is that of token 0.
   */
  @ApiProperty({
    type: 'object',
    additionalProperties: {
      oneOf: [{ $ref: getSchemaPath(TinkerInputTensorDto) }, { type: 'array', items: { type: 'number' } }],
    },
    example: { target_tokens: { data: [2, 3, 4], dtype: 'int64', shape: [3] } },
  })
  loss_fn_inputs!: Record<string, unknown>;
}

export class TinkerForwardInputDto {
  /** Datums, at least one. */
  @ApiProperty({ type: [TinkerDatumDto] })
  data!: TinkerDatumDto[];

  /** Loss function, see GET /loss_functions. */
  @ApiProperty({ example: 'cross_entropy' })
  loss_fn!: string;

  /** Settings of the loss by name, see GET /loss_functions. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'number' }, default: {}, example: {} })
  loss_fn_config?: Record<string, number>;
}

class TinkerForwardFieldsDto {
  /**
   * The model.
   * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0
   */
  model_id!: string;

  /** The client's number of the request: a repeat returns the first future. */
  @ApiProperty({ minimum: 0, example: 1 })
  seq_id?: number;
}

export class TinkerForwardBackwardDto extends TinkerForwardFieldsDto {
  /** Data and loss. */
  @ApiProperty({ type: TinkerForwardInputDto })
  forward_backward_input!: TinkerForwardInputDto;
}

export class TinkerForwardDto extends TinkerForwardFieldsDto {
  /** Data and loss. */
  @ApiProperty({ type: TinkerForwardInputDto })
  forward_input!: TinkerForwardInputDto;
}
