import { type TransformerConfig } from '../../domain/model/transformer-config.js';
import { type WeightFile } from '../weight-file.js';

export interface LocalModel {
  readonly name: string;
  readonly config: TransformerConfig;
  readonly weights: WeightFile;
}
