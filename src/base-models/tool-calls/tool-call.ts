/** A call of a function that a model asks for. */
export interface ToolCall {
  readonly name: string;
  /** The text of a JSON object, as the model wrote it. */
  readonly arguments: string;
}

/** A piece of an answer: text, or a call that is complete. */
export type AnswerPart =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'call'; readonly call: ToolCall };

/** A whole answer. */
export interface ReadAnswer {
  /** What is not a call; null when there is nothing but calls. */
  readonly text: string | null;
  readonly calls: readonly ToolCall[];
}
