import { type ToolUse } from '../chat-templates/chat-template.js';
import { toVocabulary, type Vocabulary } from '../../grammars/vocabulary.js';
import { type Conversation } from '../chat-templates/conversation.js';

/** A text as tokens, and the characters that each covers. */
export interface TokenizedText {
  readonly tokens: Int32Array;
  /** [start, end) of every token, two numbers each, in UTF-16 code units of the text. */
  readonly offsets: Int32Array;
}

/** A conversation as tokens. */
export interface TokenizedChat {
  readonly tokens: Int32Array;
  /** Which of the assistant's answers, counted from 1, each token belongs to (its end of turn too); 0 for all others. */
  readonly assistant: Int32Array;
  /** How many answers there are, those of no token among them. */
  readonly answers: number;
}

export interface EncodeOptions {
  /** The tokenizer's own special tokens (a BOS, where it has one); default true. */
  readonly addSpecialTokens?: boolean;
  /** Path of the text in the request, for errors; default 'prompt'. */
  readonly field?: string;
  /** Refuse a text that is far longer than this before all of it is tokenised; shorter ones are for the caller to check. */
  readonly maxTokens?: number;
}

export interface EncodeChatOptions {
  /** End with the opening of the assistant's next turn, as a prompt; its assistant mask is all zeros. */
  readonly addGenerationPrompt?: boolean;
  /** Find out what the assistant wrote (default); else the mask is all zeros, and any template will do. */
  readonly assistantMask?: boolean;
  /** Leave the last message open, to be continued. */
  readonly continueFinalMessage?: boolean;
  /** Path of the conversation in the request, for errors. */
  readonly field?: string;
  /** As in EncodeOptions. */
  readonly maxTokens?: number;
}

/** Text to tokens and back, with the model's own chat template. Long texts do not hold up the event loop. */
export abstract class ChatTokenizer {
  /** Tokens that end an answer (eos of generation_config, tokenizer and template). */
  abstract readonly endTokens: readonly number[];
  /** Largest token id + 1. */
  abstract readonly vocabSize: number;
  /** Ids of the tokens that no text is made of, by their own: they are no part of a decoded answer. */
  abstract readonly specialTokens: ReadonlyMap<string, number>;
  /** @throws InvalidRequestError naming `field` when the text is not valid Unicode (half a surrogate pair). */
  abstract encode(text: string, options?: EncodeOptions): Promise<Int32Array>;
  /** As encode, with the span of every token in the text; special tokens that were added cover nothing. */
  abstract encodeWithOffsets(text: string, options?: EncodeOptions): Promise<TokenizedText>;
  abstract decode(tokens: ArrayLike<number>, options?: { skipSpecialTokens?: boolean }): Promise<string>;
  /** One byte of a text: whether it is a character depends on the bytes that follow. */
  abstract isByte(token: number): boolean;
  /** What a token adds in the middle of a text, perhaps a part of a character; null where that is not known by itself. */
  bytesOf(_token: number): Uint8Array | null {
    return null;
  }
  /** Whether vocabulary() can tell what every token adds to a text, so that answers can be held to a grammar. */
  get spellsTokens(): boolean {
    return false;
  }
  /** The bytes of every token; special ones have none, but for those that an answer shows. */
  vocabulary(_shown: readonly number[]): Vocabulary {
    return toVocabulary([]);
  }
  /** Compiles the chat template. @throws UnsupportedCheckpointError that names the construct and line that are wrong. */
  checkTemplate(): Promise<void> {
    return Promise.resolve();
  }
  /** What the chat template makes of tools. */
  toolUse(): Promise<ToolUse> {
    return Promise.resolve('ignored');
  }
  /** @throws InvalidRequestError naming `field` (default 'messages') when the model's template refuses the messages. */
  abstract encodeChat(conversation: Conversation, options?: EncodeChatOptions): Promise<TokenizedChat>;
}
