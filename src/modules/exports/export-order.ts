import { type CheckpointPath } from '../../domain/checkpoint-path.js';
import { type GgufOuttype } from '../../exports/gguf/gguf-model.js';

/** What an adapter can be exported as. */
export const EXPORT_FORMATS = ['peft', 'merged', 'gguf', 'gguf-adapter'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportOrder {
  readonly modelId: string;
  readonly format: ExportFormat;
  /** Of GGUF's weights. */
  readonly outtype: GgufOuttype;
  /** A checkpoint of the adapter; null for the adapter as it is after all operations sent before. */
  readonly checkpoint: Pick<CheckpointPath, 'kind' | 'name'> | null;
}
