/** A model, as Anthropic's clients list it. */
export interface AnthropicModelDto {
  readonly type: 'model';
  /** Value for `model`. */
  readonly id: string;
  readonly display_name: string;
  /** RFC 3339; for a base model, when the server started. */
  readonly created_at: string;
  /** Both are the context length. */
  readonly max_input_tokens: number;
  readonly max_tokens: number;
}

export interface AnthropicModelPageDto {
  readonly data: readonly AnthropicModelDto[];
  readonly has_more: boolean;
  readonly first_id: string | null;
  readonly last_id: string | null;
}
