/** A part of a message's content, as OpenAI's API writes it. */
export interface TextPart {
  readonly type: 'text';
  readonly text: string;
}

/**
 * One turn of a conversation: `role`, `content` and what else a chat template may read of it (`name`, `tool_calls`,
 * `tool_call_id`, `reasoning_content`, ...). null is the content of a turn that only calls tools.
 */
export interface ChatMessage {
  readonly role: string;
  readonly content?: string | null | readonly TextPart[];
  readonly [field: string]: unknown;
}

/** What a chat template renders. */
export interface Conversation {
  readonly messages: readonly ChatMessage[];
  /** Descriptions of functions that the model may call, as JSON schemas. */
  readonly tools?: readonly object[];
  /** Further variables of the template, such as `enable_thinking`. */
  readonly templateVariables?: Readonly<Record<string, unknown>>;
}
