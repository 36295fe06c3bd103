/** One turn of a conversation, as in every chat API. */
export interface ChatMessage {
  readonly role: string;
  readonly content: string;
}

/** A conversation as tokens; `assistant[t]` is 1 where token t was written by the assistant (its end-of-turn included). */
export interface TokenizedChat {
  readonly tokens: Int32Array;
  readonly assistant: Uint8Array;
}

export interface EncodeChatOptions {
  /** End with the opening of the assistant's next turn, as a prompt; its assistant mask is all zeros. */
  readonly addGenerationPrompt?: boolean;
  /** Path of the conversation in the request, for errors. */
  readonly field?: string;
}

/** Text to tokens and back, with the model's own chat template. */
export abstract class ChatTokenizer {
  /** Tokens that end an answer (eos of generation_config, tokenizer and template). */
  abstract readonly endTokens: readonly number[];
  abstract readonly vocabSize: number;
  /** With the tokenizer's own special tokens (a BOS, where it has one) unless told otherwise. */
  abstract encode(text: string, options?: { addSpecialTokens?: boolean }): Int32Array;
  abstract decode(tokens: ArrayLike<number>, options?: { skipSpecialTokens?: boolean }): string;
  /** @throws InvalidRequestError naming `field` (default 'messages') when the model's template refuses the messages. */
  abstract encodeChat(messages: readonly ChatMessage[], options?: EncodeChatOptions): TokenizedChat;
}
