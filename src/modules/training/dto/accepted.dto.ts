export class AcceptedDto {
  /**
   * Future of the result: POST /retrieve_future.
   * @example future_01JD3V7QG4T0M5X2W8Z9K6N1RB
   */
  request_id!: string;

  /**
   * Name of the adapter or base model.
   * @example my-model
   */
  model_id!: string;
}
