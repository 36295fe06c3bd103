import { IsString } from 'class-validator';

export class ModelIdDto {
  /**
   * Name of the adapter.
   * @example my-model
   */
  @IsString()
  model_id!: string;
}
