/** The tokens of a tokenizer as the bytes of their texts, in the order of their ids. */
export interface Vocabulary {
  readonly tokens: Uint8Array;
  /** Where the bytes of each token end. A token without bytes is none that a text is made of. */
  readonly ends: Int32Array;
}

/** `null`: no text is made of this token. */
export function toVocabulary(texts: readonly (Uint8Array | null)[]): Vocabulary {
  const ends = new Int32Array(texts.length);
  let length = 0;
  texts.forEach((text, id) => (ends[id] = length += text?.length ?? 0));
  const tokens = new Uint8Array(length);
  texts.forEach((text, id) => text && tokens.set(text, (ends[id] ?? 0) - text.length));
  return { tokens, ends };
}
