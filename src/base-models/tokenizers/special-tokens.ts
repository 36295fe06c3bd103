import { type TokenizerClass } from './tokenizer-class.js';
import { isObject, type Json, type TokenizerFiles } from './tokenizer-files.js';

/** A token that is found in the text before anything else looks at it. */
export interface AddedTokenSpec {
  readonly content: string;
  /** Left out of decoded texts where they are to be skipped. */
  readonly special: boolean;
  /** Looked for in the normalised text, else in the text as it came. */
  readonly normalized: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly single_word: boolean;
}

export interface SpecialTokens {
  /** By name (bos_token, ...), as chat templates get them. */
  readonly named: Readonly<Record<string, string>>;
  /** What the files add to the tokens of tokenizer.json, in this order. */
  readonly added: readonly AddedTokenSpec[];
}

type TokenValue = string | AddedTokenSpec;

/** Names that every tokenizer of transformers knows, in its order. */
const NAMES = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'];

/** What a class takes where the files say nothing. */
const DEFAULTS: Readonly<Record<TokenizerClass, Json>> = {
  'as-is': {},
  LlamaTokenizer: { unk_token: '<unk>', bos_token: '<s>', eos_token: '</s>' },
  Qwen2Tokenizer: { unk_token: '<|endoftext|>', eos_token: '<|endoftext|>', pad_token: '<|endoftext|>' },
  GPT2Tokenizer: { unk_token: '<|endoftext|>', bos_token: '<|endoftext|>', eos_token: '<|endoftext|>' },
  GemmaTokenizer: {
    unk_token: '<unk>',
    bos_token: '<bos>',
    eos_token: '<eos>',
    pad_token: '<pad>',
    mask_token: '<mask>',
  },
};

/**
 * The special tokens that the files name and add, in the order and with the precedence of transformers 5.24
 * (PreTrainedTokenizerBase._from_pretrained, TokenizersBackend.__init__). `present`: added tokens of tokenizer.json.
 */
export function readSpecialTokens(
  files: TokenizerFiles,
  kind: TokenizerClass,
  present: readonly AddedTokenSpec[],
): SpecialTokens {
  const { named, extra, decoder } = readArguments(files, kind);
  const existing = new Set(present.map(identity));
  const ids = [...decoder.keys()].sort((a, b) => a - b);
  const added: AddedTokenSpec[] = ids.flatMap((id) => decoder.get(id) ?? []).filter((t) => !existing.has(identity(t)));
  const known = new Set([...present, ...added].map(({ content }) => content));
  const names = new Set([...named.values()].map(contentOf));
  const further = [...named.values(), ...extra].filter((value) => !known.has(contentOf(value)));
  const marked = [...added, ...new Map(further.map((value) => [identityOf(value), toSpec(value)])).values()].map(
    (token) => (names.has(token.content) ? { ...token, special: true } : token),
  );
  const texts = [...new Set([...named.values(), ...extra].map(contentOf))];
  // This class adds all of them once more.
  const again = kind === 'Qwen2Tokenizer' ? texts.map((content) => tokenOf({ content, special: true })) : [];
  return {
    named: Object.fromEntries([...named].map(([name, value]) => [name, contentOf(value)])),
    added: [...marked, ...again],
  };
}

/** Fields left out are as AddedToken of the tokenizers library takes them. */
export function tokenOf(json: Json): AddedTokenSpec {
  const special = json['special'] === true;
  return {
    content: String(json['content']),
    special,
    normalized: typeof json['normalized'] === 'boolean' ? json['normalized'] : !special,
    lstrip: json['lstrip'] === true,
    rstrip: json['rstrip'] === true,
    single_word: json['single_word'] === true,
  };
}

interface Arguments {
  readonly named: ReadonlyMap<string, TokenValue>;
  readonly extra: readonly TokenValue[];
  /** By id, from whichever file states them. */
  readonly decoder: ReadonlyMap<number, AddedTokenSpec>;
}

function readArguments(files: TokenizerFiles, kind: TokenizerClass): Arguments {
  const args: Record<string, unknown> = { ...files.config };
  if (!isFilled(args['extra_special_tokens']) && args['additional_special_tokens'] !== undefined) {
    args['extra_special_tokens'] = args['additional_special_tokens'];
    delete args['additional_special_tokens'];
  }
  const explicit = takeNamed(args, (value) => typeof value === 'string');
  takeExtra(args, explicit);
  const stated = args['added_tokens_decoder'];
  const decoder = isObject(stated) ? decoderOf(stated) : readOlderFiles(files, args, explicit);
  const byContent = new Map([...decoder.values()].map((token) => [token.content, token]));
  args['extra_special_tokens'] ??= args['additional_special_tokens'];
  const { padding } = files.definition;
  if (isObject(padding) && !('pad_token' in args)) args['pad_token'] = padding['pad_token'];
  const all = { ...DEFAULTS[kind], ...args };
  const named = new Map<string, TokenValue>();
  for (const name of NAMES) {
    const value = toValue(all[name]);
    if (value !== null) named.set(name, byContent.get(contentOf(value)) ?? value);
  }
  for (const [name, value] of [...takeNamed(args, () => true), ...explicit]) named.set(name, value);
  const extra = Array.isArray(args['extra_special_tokens']) ? args['extra_special_tokens'] : [];
  return { named, extra: extra.flatMap((value: unknown) => toValue(value) ?? []), decoder };
}

/** special_tokens_map.json and added_tokens.json, and the added tokens of tokenizer.json; changes the arguments. */
function readOlderFiles(
  { specialTokensMap, addedTokens, definition }: TokenizerFiles,
  args: Record<string, unknown>,
  explicit: Map<string, TokenValue>,
): Map<number, AddedTokenSpec> {
  for (const [key, value] of Object.entries(specialTokensMap)) {
    if (key === 'extra_special_tokens' && Array.isArray(value)) args[key] = joined(args[key], value);
    else if (key === 'extra_special_tokens' || !isObject(value)) args[key] = value;
    else args[key] = tokenOf({ ...value, special: true });
  }
  takeExtra(args, explicit);
  const special = new Set(
    [...NAMES.map((name) => args[name]), ...[args['extra_special_tokens'] ?? []].flat()].map((value) => {
      const token = toValue(value);
      return token === null ? null : contentOf(token);
    }),
  );
  const decoder = new Map<number, AddedTokenSpec>();
  for (const [content, id] of Object.entries(addedTokens)) {
    decoder.set(Number(id), tokenOf({ content, special: special.has(content) }));
  }
  for (const { id, ...token } of addedTokensOf(definition)) decoder.set(Number(id), tokenOf(token));
  return decoder;
}

export function addedTokensOf(definition: Json): Json[] {
  const tokens = definition['added_tokens'];
  return Array.isArray(tokens) ? tokens.filter(isObject) : [];
}

function decoderOf(stated: Json): Map<number, AddedTokenSpec> {
  const decoder = new Map<number, AddedTokenSpec>();
  for (const [id, token] of Object.entries(stated)) if (isObject(token)) decoder.set(Number(id), tokenOf(token));
  return decoder;
}

/** Tokens that only this model names (image_token, ...); they leave the arguments. */
function takeNamed(args: Record<string, unknown>, wanted: (value: unknown) => boolean): Map<string, TokenValue> {
  const taken = new Map<string, TokenValue>();
  for (const [key, given] of Object.entries(args)) {
    const value = toValue(given);
    if (!key.endsWith('_token') || NAMES.includes(key) || value === null || !wanted(given)) continue;
    taken.set(key, value);
    delete args[key];
  }
  return taken;
}

/** Extra tokens that have names. */
function takeExtra(args: Record<string, unknown>, explicit: Map<string, TokenValue>): void {
  const extra = args['extra_special_tokens'];
  if (!isObject(extra)) return;
  delete args['extra_special_tokens'];
  for (const [name, given] of Object.entries(extra)) {
    const value = toValue(given);
    if (value !== null) explicit.set(name, value);
  }
}

function joined(before: unknown, values: readonly unknown[]): unknown[] {
  const list: unknown[] = Array.isArray(before) ? [...(before as unknown[])] : [];
  for (const value of values) {
    const token = isObject(value) ? tokenOf({ ...value, special: true }) : value;
    if (!list.includes(token)) list.push(token);
  }
  return list;
}

function isFilled(value: unknown): boolean {
  return (Array.isArray(value) && value.length > 0) || (isObject(value) && Object.keys(value).length > 0);
}

function toValue(value: unknown): TokenValue | null {
  if (typeof value === 'string') return value;
  return isObject(value) && typeof value['content'] === 'string' ? tokenOf(value) : null;
}

function toSpec(value: TokenValue): AddedTokenSpec {
  return typeof value === 'string' ? tokenOf({ content: value, special: true }) : value;
}

function contentOf(value: TokenValue): string {
  return typeof value === 'string' ? value : value.content;
}

function identityOf(value: TokenValue): string {
  return typeof value === 'string' ? value : identity(value);
}

function identity({ content, special, normalized, lstrip, rstrip, single_word }: AddedTokenSpec): string {
  return JSON.stringify([content, special, normalized, lstrip, rstrip, single_word]);
}
