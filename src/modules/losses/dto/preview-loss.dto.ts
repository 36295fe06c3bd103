import { ApiProperty } from '@nestjs/swagger';
import { type LossResult } from '../../../domain/loss.js';
import { rowWidth } from '../../../domain/ragged-tensor.js';
import { type PreviewBatch } from '../loss-preview.js';
import { shownMetrics } from '../../../losses/loss-function.js';
import { LossDefinitionDto } from './loss-definition.dto.js';

const NUMBERS = {
  oneOf: [
    { type: 'array', items: { type: 'number' } },
    {
      type: 'object',
      required: ['data', 'shape'],
      properties: {
        data: { type: 'array', items: { type: 'number' }, example: [-1.2, -0.3, -2, -1] },
        shape: { type: 'array', items: { type: 'integer' }, example: [2, 2] },
      },
    },
  ],
};

export class PreviewDatumDto {
  /** Log-probs of the targets: N, or N times K with a shape. */
  @ApiProperty({ ...NUMBERS, example: [-1.2, -0.3] })
  target_logprobs!: unknown;

  /**
   * Inputs of the loss by name: one number per target, or one for the datum. target_tokens default to 0; a formula loss
   * that uses them needs them.
   */
  @ApiProperty({
    type: 'object',
    additionalProperties: NUMBERS,
    example: { weights: [1, 0.5] },
  })
  loss_fn_inputs?: Record<string, unknown>;
}

/** Read by hand, see loss-preview.ts and loss-definition.reader.ts. */
export class PreviewLossDto {
  /** Loss to preview: built-in or your own. Pass either this or `definition`. */
  @ApiProperty({ example: 'cross_entropy' })
  loss_fn?: string;

  /** Definition of an unregistered loss to preview. */
  @ApiProperty({ type: LossDefinitionDto })
  definition?: LossDefinitionDto;

  /** Settings of the loss by name. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'number' }, default: {}, example: {} })
  loss_fn_config?: Record<string, number>;

  /** Datums; at most 4096 log-probs in total. */
  @ApiProperty({ type: [PreviewDatumDto] })
  data!: PreviewDatumDto[];
}

export class LossPreviewDto {
  /**
   * Value of the loss.
   * @example 1.35
   */
  loss!: number;

  /** Derivative of the loss with respect to every log-prob, per datum; for shape [N, K], row by row. */
  @ApiProperty({ type: 'array', items: { type: 'array', items: { type: 'number' } }, example: [[-1, -0.5]] })
  gradients!: number[][];

  /** Metrics by name. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'number' }, example: { mean_nll: 0.9 } })
  metrics!: Record<string, number>;
}

export function toLossPreviewDto({ loss, dLogprobs, metrics }: LossResult, { logprobs }: PreviewBatch): LossPreviewDto {
  const offsets = logprobs.offsets.map((offset) => offset * rowWidth(logprobs));
  const gradients = Array.from({ length: offsets.length - 1 }, (_, i) => {
    // Adding 0 turns -0 into 0.
    return Array.from(dLogprobs.subarray(offsets[i], offsets[i + 1]), (slope) => slope + 0);
  });
  return { loss, gradients, metrics: shownMetrics(metrics) };
}
