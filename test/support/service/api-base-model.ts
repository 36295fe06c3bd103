import { type BaseModel } from '../../../src/base-models/base-model.js';
import {
  ChatTokenizer,
  type TokenizedChat,
  type TokenizedText,
} from '../../../src/base-models/tokenizers/chat-tokenizer.js';
import { type Conversation } from '../../../src/base-models/chat-templates/conversation.js';

export const END_TOKEN = 0;
const ASSISTANT_TOKEN = 1;
const OTHER_ROLE_TOKEN = 2;

/**
 * Token = character code; a message is its role's token, its characters and END_TOKEN. Small enough to count by hand.
 */
export class CharacterTokenizer extends ChatTokenizer {
  override readonly endTokens = [END_TOKEN];
  override readonly vocabSize = 128;
  override readonly specialTokens = new Map<string, number>();

  override encode(text: string): Promise<Int32Array> {
    return Promise.resolve(codesOf(text));
  }

  override encodeWithOffsets(text: string): Promise<TokenizedText> {
    const offsets = Int32Array.from({ length: 2 * text.length }, (_, i) => Math.ceil(i / 2));
    return Promise.resolve({ tokens: codesOf(text), offsets });
  }

  override decode(tokens: ArrayLike<number>): Promise<string> {
    const characters = Array.from(tokens, (token) => (token > OTHER_ROLE_TOKEN ? String.fromCharCode(token) : ''));
    return Promise.resolve(characters.join(''));
  }

  override isByte(): boolean {
    return false;
  }

  override encodeChat({ messages }: Conversation, options?: { addGenerationPrompt?: boolean }): Promise<TokenizedChat> {
    const tokens: number[] = [];
    const assistant: number[] = [];
    let answers = 0;
    for (const { role, content } of messages) {
      const text = typeof content === 'string' ? content : '';
      const answer = role === 'assistant' ? ++answers : 0;
      tokens.push(answer > 0 ? ASSISTANT_TOKEN : OTHER_ROLE_TOKEN, ...codesOf(text), END_TOKEN);
      assistant.push(0, ...new Array<number>(text.length + 1).fill(answer));
    }
    if (options?.addGenerationPrompt) {
      tokens.push(ASSISTANT_TOKEN);
      assistant.push(0);
    }
    return Promise.resolve({ tokens: Int32Array.from(tokens), assistant: Int32Array.from(assistant), answers });
  }
}

function codesOf(text: string): Int32Array {
  return Int32Array.from(text, (character) => character.charCodeAt(0));
}

/** A base model whose tokenizer can be followed by hand: vocabulary 128, context 32, hidden size 8, two layers. */
export function makeBaseModel(overrides: Partial<BaseModel> = {}): BaseModel {
  return {
    name: 'tiny/base-model',
    folder: '/nowhere',
    config: {
      family: 'llama',
      vocabSize: 128,
      hiddenSize: 8,
      intermediateSize: 16,
      layerCount: 2,
      headCount: 2,
      kvHeadCount: 1,
      headDim: 4,
      contextLength: 32,
      tiedEmbeddings: true,
    },
    tokenizer: new CharacterTokenizer(),
    ...overrides,
  };
}
