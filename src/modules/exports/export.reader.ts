import { InvalidRequestError } from '../../common/errors/request.errors.js';
import { readOwnCheckpoint } from '../checkpoints/index.js';
import { type ExportAdapterQueryDto } from './dto/export-adapter.dto.js';
import { type ExportOrder } from './export-order.js';

/** @throws InvalidRequestError */
export function readExport(
  modelId: string,
  { format = 'peft', outtype, checkpoint = '' }: ExportAdapterQueryDto,
): ExportOrder {
  if (outtype !== undefined && format !== 'gguf') {
    const remedy = 'Leave it out, or send format=gguf.';
    throw new InvalidRequestError(`outtype has no meaning with format=${format}. ${remedy}`, {
      field: 'outtype',
      remedy,
    });
  }
  return {
    modelId,
    format,
    outtype: outtype ?? 'f16',
    checkpoint: checkpoint === '' ? null : readOwnCheckpoint(checkpoint, 'checkpoint'),
  };
}
