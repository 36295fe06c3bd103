import { AddedToken, type Decoder, type Encoding, Tokenizer } from '@anush008/tokenizers';
import { invalid } from '../../common/json/json-fields.js';
import { toVocabulary, type Vocabulary } from '../../grammars/vocabulary.js';
import { type EncodeOptions, type TokenizedText } from './chat-tokenizer.js';

import { type AddedTokenSpec, addedTokensOf, tokenOf } from './special-tokens.js';
import { type TokenBytes, tokenBytesOf } from './token-bytes.js';
import { type Json } from './tokenizer-files.js';

/** <0x00> .. <0xFF>. */
const BYTES = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
/** Texts up to here are tokenised without asking whether they might be too long. */
const FEW_CHARACTERS = 4096;

/**
 * A tokenizer.json, worked by the Rust library that transformers uses (Hugging Face's tokenizers crate), whose work is
 * done on threads of its own.
 */
export class FastTokenizer {
  readonly vocabSize: number;
  private readonly tokenizer: Tokenizer;
  private readonly decoder: Decoder | null;
  /** Texts of added tokens that stand for their normalised form, by id. */
  private readonly normalized: ReadonlyMap<number, string>;
  /** Ids of the tokens that no text is made of (<|im_start|>, ...) by their texts. */
  readonly specialTokens: ReadonlyMap<string, number>;
  private readonly bytes: ReadonlySet<number>;
  private readonly tokenBytes: TokenBytes | null;

  /** `added`: tokens beyond those of the definition. @throws the library's error when it does not know the definition */
  constructor(definition: Json, added: readonly AddedTokenSpec[] = []) {
    this.tokenizer = Tokenizer.fromString(JSON.stringify(withoutLengthRules(definition)));
    this.tokenizer.addAddedTokens(added.map(toAddedToken));
    this.decoder = this.tokenizer.getDecoder();
    const all = [...addedTokensOf(definition).map(tokenOf), ...added];
    this.normalized = normalizedTexts(this.tokenizer, all);
    this.specialTokens = idsOf(
      this.tokenizer,
      all.filter(({ special }) => special).map(({ content }) => content),
    );
    this.tokenBytes = tokenBytesOf(definition['decoder']);
    // Other decoders take them for texts.
    const hasBytes = JSON.stringify(definition['decoder'] ?? null).includes('"ByteFallback"');
    this.bytes = new Set(hasBytes ? idsOf(this.tokenizer, BYTES).values() : []);
    this.vocabSize = 1 + largest(Object.values(this.tokenizer.getVocab(true)));
  }

  async encode(text: string, options: EncodeOptions = {}): Promise<Int32Array> {
    return Int32Array.from((await this.run(text, options)).getIds());
  }

  async encodeWithOffsets(text: string, options: EncodeOptions = {}): Promise<TokenizedText> {
    const encoding = await this.run(text, options);
    return { tokens: Int32Array.from(encoding.getIds()), offsets: toCodeUnits(text, encoding.getOffsets()) };
  }

  /** Ids that no token has are passed over. */
  async decode(tokens: ArrayLike<number>, skipSpecialTokens: boolean): Promise<string> {
    if (tokens.length === 0) return '';
    const ids = Array.from(tokens);
    if (ids.some((id) => this.normalized.has(id))) return this.decodeNormalized(ids, skipSpecialTokens);
    return this.tokenizer.decode(ids, skipSpecialTokens);
  }

  /** As version 0.23 of the library, by which a token's normalised form is its text; this version takes what was added. */
  private decodeNormalized(ids: readonly number[], skipSpecialTokens: boolean): string {
    const texts = ids.flatMap((id) => this.normalized.get(id) ?? this.tokenizer.idToToken(id) ?? []);
    const kept = skipSpecialTokens ? texts.filter((text) => !this.specialTokens.has(text)) : texts;
    return this.decoder === null ? kept.join(' ') : this.decoder.decode(kept);
  }

  isByte(id: number): boolean {
    return this.bytes.has(id);
  }

  /** Whether the text of a token is known by itself. */
  get spellsTokens(): boolean {
    return this.tokenBytes !== null;
  }

  /** `shown`: special tokens that are part of the text all the same. */
  vocabulary(shown: readonly number[]): Vocabulary {
    const { tokenBytes } = this;
    const texts = new Array<Uint8Array | null>(this.vocabSize).fill(null);
    if (tokenBytes === null) return toVocabulary(texts);
    const special = new Set([...this.specialTokens.values()].filter((id) => !shown.includes(id)));
    for (const [token, id] of Object.entries(this.tokenizer.getVocab(true))) {
      if (!special.has(id)) texts[id] = tokenBytes(this.normalized.get(id) ?? token);
    }
    return toVocabulary(texts);
  }

  /** What a token adds in the middle of a text; null where that is not known by itself. */
  bytesOf(id: number): Uint8Array | null {
    const token = this.normalized.get(id) ?? this.tokenizer.idToToken(id);
    return this.tokenBytes !== null && token !== null ? this.tokenBytes(token) : null;
  }

  idOf(token: string): number | null {
    return this.tokenizer.tokenToId(token);
  }

  tokenOf(id: number): string | null {
    return this.tokenizer.idToToken(id);
  }

  private async run(text: string, options: EncodeOptions): Promise<Encoding> {
    const { addSpecialTokens = true, field = 'prompt', maxTokens } = options;
    if (/\p{Surrogate}/u.test(text)) {
      throw invalid(field, 'is not valid Unicode: it contains an unpaired surrogate.', 'Send complete characters.');
    }
    if (maxTokens !== undefined) await this.refuseFarTooLong(text, field, maxTokens);
    return this.tokenizer.encode(text, null, { addSpecialTokens });
  }

  /** A tenth more than allowed at the beginning of a text cannot become less by what follows. */
  private async refuseFarTooLong(text: string, field: string, maxTokens: number): Promise<void> {
    const enough = FEW_CHARACTERS + 8 * maxTokens;
    if (text.length <= enough) return;
    const beginning = text.slice(0, enough).replace(/[\ud800-\udbff]$/, '');
    const count = (await this.tokenizer.encode(beginning, null, { addSpecialTokens: false })).getLength();
    if (count <= 1.1 * maxTokens) return;
    throw invalid(
      field,
      `has ${text.length} characters, the first ${beginning.length} of which are already ${count} tokens.`,
      `Shorten it to at most ${maxTokens} tokens or split it; text is never truncated silently.`,
    );
  }
}

function idsOf(tokenizer: Tokenizer, texts: readonly string[]): Map<string, number> {
  const ids = new Map<string, number>();
  for (const text of texts) {
    const id = tokenizer.tokenToId(text);
    if (id !== null) ids.set(text, id);
  }
  return ids;
}

function normalizedTexts(tokenizer: Tokenizer, tokens: readonly AddedTokenSpec[]): Map<number, string> {
  const normalizer = tokenizer.getNormalizer();
  const texts = new Map<number, string>();
  for (const { content, normalized } of tokens) {
    const id = tokenizer.tokenToId(content);
    const text = normalized && normalizer !== null ? normalizer.normalizeString(content) : content;
    if (id === null) continue;
    if (text === content) texts.delete(id);
    else texts.set(id, text);
  }
  return texts;
}

function toAddedToken(token: AddedTokenSpec): AddedToken {
  const { content, special, normalized, lstrip, rstrip, single_word: singleWord } = token;
  return new AddedToken(content, special, { normalized, leftStrip: lstrip, rightStrip: rstrip, singleWord });
}

/** Texts are never cut or filled up here, and tokens keep the white space that they stand for. */
function withoutLengthRules(definition: Json): Json {
  return {
    ...definition,
    truncation: null,
    padding: null,
    post_processor: withoutTrimming(definition['post_processor']),
  };
}

/** Trimming changes the offsets only: the space in front of a word would belong to no token. */
function withoutTrimming(processor: unknown): unknown {
  if (typeof processor !== 'object' || processor === null) return processor;
  const trimmed = 'trim_offsets' in processor ? { ...processor, trim_offsets: false } : { ...processor };
  if (!('processors' in trimmed) || !Array.isArray(trimmed.processors)) return trimmed;
  return { ...trimmed, processors: trimmed.processors.map(withoutTrimming) };
}

function largest(values: readonly number[]): number {
  let most = -1;
  for (const value of values) if (value > most) most = value;
  return most;
}

/** The library counts code points; strings here are of UTF-16 code units, two for a character beyond U+FFFF. */
function toCodeUnits(text: string, offsets: readonly (readonly number[])[]): Int32Array {
  const units = new Int32Array(2 * offsets.length);
  offsets.forEach(([start = 0, end = 0], token) => units.set([start, end], 2 * token));
  const codeUnits = codeUnitsOf(text);
  return codeUnits === null ? units : units.map((codePoint) => codeUnits[codePoint] ?? 0);
}

/** The code unit at which each code point starts, and the text's end; null where both counts are the same. */
function codeUnitsOf(text: string): Int32Array | null {
  if (!/[\ud800-\udbff]/.test(text)) return null;
  const codeUnits = new Int32Array(text.length + 1);
  let count = 0;
  for (let unit = 0; unit < text.length; unit += (text.codePointAt(unit) ?? 0) > 0xffff ? 2 : 1)
    codeUnits[count++] = unit;
  codeUnits[count] = text.length;
  return codeUnits;
}
