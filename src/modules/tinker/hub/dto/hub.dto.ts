/** How the hub says that there is nothing: its clients know no other shape. */
export class HubErrorDto {
  /**
   * The missing model or file.
   * @example "There is no model 'my-model' here."
   */
  error!: string;
}
