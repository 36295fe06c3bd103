import { type BaseModel } from '../../base-models/base-model.js';
import { definitionFor } from '../../base-models/tokenizers/rebuilt-tokenizer.js';
import { addedTokensOf } from '../../base-models/tokenizers/special-tokens.js';
import { tokenizerClassOf } from '../../base-models/tokenizers/tokenizer-class.js';
import {
  isObject,
  type Json,
  readChatTemplates,
  readTokenizerFiles,
  type TokenizerFiles,
} from '../../base-models/tokenizers/tokenizer-files.js';
import { type GgufMetadata, type GgufValue } from '../../formats/gguf.js';
import { ExportUnsupportedError } from '../export.errors.js';

/**
 * The tokenizer of a base model in the metadata of GGUF, as llama.cpp's convert_hf_to_gguf writes it for byte-level BPE.
 * llama.cpp splits texts by programs that it has under names. Its script finds a name by the hash of the tokens of one
 * text, so only for vocabularies that it has seen; here the rules of tokenizer.json are compared with what each program
 * does, which is what the name stands for. A tokenizer with other rules is refused.
 */
interface Splitting {
  readonly name: string;
  readonly steps: readonly string[];
  readonly ignoreMerges: boolean;
}

const GPT2 = 'gpt2';
const BYTES = 'bytes';
const SPLITTINGS: readonly Splitting[] = [
  { name: 'gpt-2', steps: [GPT2], ignoreMerges: false },
  { name: 'smollm', steps: ['digits', GPT2], ignoreMerges: false },
  {
    name: 'qwen2',
    steps: [
      String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
      BYTES,
    ],
    ignoreMerges: false,
  },
  {
    name: 'llama-bpe',
    steps: [
      String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
      BYTES,
    ],
    ignoreMerges: true,
  },
];

const TOKEN_TYPES = { normal: 1, control: 3, userDefined: 4, unused: 5 } as const;
/** Names of special tokens in tokenizer_config.json, and their keys. */
const SPECIAL_IDS: Readonly<Record<string, string>> = {
  bos: 'bos_token_id',
  eos: 'eos_token_id',
  unk: 'unknown_token_id',
  sep: 'seperator_token_id',
  pad: 'padding_token_id',
  mask: 'mask_token_id',
};

/** @throws ExportUnsupportedError that names the rule of the tokenizer that llama.cpp does not have */
export async function tokenizerMetadata(model: BaseModel): Promise<GgufMetadata> {
  const files = await readTokenizerFiles(model.folder, `Base model '${model.name}'`);
  const definition = definitionFor(tokenizerClassOf(files), files);
  const pre = splittingOf(definition, model.name);
  const ids = specialIds(files, model.config.vocabSize);
  const templates = await readChatTemplates(model.folder, files.config, `Base model '${model.name}'`);
  return new Map<string, GgufValue>([
    ['tokenizer.ggml.model', { type: 'string', value: 'gpt2' }],
    ['tokenizer.ggml.pre', { type: 'string', value: pre }],
    ...vocabulary(files, model),
    ['tokenizer.ggml.merges', { type: 'strings', value: mergesOf(files.definition) }],
    ...[...ids].map(([key, value]) => [`tokenizer.ggml.${key}`, { type: 'uint32', value }] as const),
    ...(await addedAround(model, ids)),
    ...templateMetadata(templates),
  ]);
}

function splittingOf(definition: Json, model: string): string {
  const bpe = definition['model'];
  if (!isObject(bpe) || bpe['type'] !== 'BPE' || bpe['byte_fallback'] === true) {
    throw unsupported(model, 'it is not a byte-level BPE (SentencePiece tokenizers are not written)');
  }
  const normalizer = definition['normalizer'] ?? null;
  // llama.cpp takes texts as they come; those that people type are in this form already.
  if (normalizer !== null && !(isObject(normalizer) && normalizer['type'] === 'NFC')) {
    throw unsupported(model, 'it has a normalizer');
  }
  const steps = stepsOf(definition['pre_tokenizer']);
  const found = SPLITTINGS.find((one) => steps !== null && one.steps.join('\n') === steps.join('\n'));
  if (!found || found.ignoreMerges !== (bpe['ignore_merges'] === true)) {
    throw unsupported(model, 'its pre_tokenizer is none of those that llama.cpp has (tokenizer.ggml.pre)');
  }
  return found.name;
}

function stepsOf(rule: unknown): string[] | null {
  if (!isObject(rule)) return null;
  switch (rule['type']) {
    case 'Sequence': {
      const parts = (Array.isArray(rule['pretokenizers']) ? rule['pretokenizers'] : []).map(stepsOf);
      return parts.every((part) => part !== null) ? parts.flat() : null;
    }
    case 'Digits':
      return rule['individual_digits'] === true ? ['digits'] : null;
    case 'ByteLevel':
      if (rule['add_prefix_space'] !== false) return null;
      return [rule['use_regex'] === false ? BYTES : GPT2];
    case 'Split': {
      const pattern = isObject(rule['pattern']) ? rule['pattern']['Regex'] : null;
      const isolates = rule['behavior'] === 'Isolated' && rule['invert'] === false;
      return isolates && typeof pattern === 'string' ? [pattern] : null;
    }
    default:
      return null;
  }
}

interface AddedToken {
  readonly content: string;
  readonly special: boolean;
}

function vocabulary(files: TokenizerFiles, model: BaseModel): [string, GgufValue][] {
  const { vocabSize } = model.config;
  const texts = new Map<number, string>();
  const bpe = files.definition['model'];
  const vocab = isObject(bpe) && isObject(bpe['vocab']) ? bpe['vocab'] : {};
  for (const [token, id] of Object.entries(vocab)) texts.set(Number(id), token);
  const added = addedTokens(files);
  for (const [id, { content }] of added) texts.set(id, content);
  const end = 1 + [...texts.keys()].reduce((most, id) => Math.max(most, id), -1);
  if (end !== model.tokenizer.vocabSize || end > vocabSize) {
    throw unsupported(
      model.name,
      `it has ${model.tokenizer.vocabSize} tokens, its files describe ${end}, and the model ${vocabSize}`,
    );
  }
  const tokens: string[] = [];
  const types: number[] = [];
  for (let id = 0; id < vocabSize; id++) {
    const token = added.get(id);
    const text = texts.get(id);
    const isControl = token !== undefined && (token.special || looksSpecial(token.content));
    if (text === undefined) types.push(TOKEN_TYPES.unused);
    else if (token === undefined) types.push(TOKEN_TYPES.normal);
    else types.push(isControl ? TOKEN_TYPES.control : TOKEN_TYPES.userDefined);
    tokens.push(token && !isControl ? token.content.replaceAll('▁', ' ') : (text ?? `[PAD${id}]`));
  }
  return [
    ['tokenizer.ggml.tokens', { type: 'strings', value: tokens }],
    ['tokenizer.ggml.token_type', { type: 'int32s', value: types }],
  ];
}

function addedTokens({ definition, config }: TokenizerFiles): Map<number, AddedToken> {
  const stated = isObject(config['added_tokens_decoder']) ? config['added_tokens_decoder'] : {};
  const all = [
    ...addedTokensOf(definition).map((token) => [Number(token['id']), token] as const),
    ...Object.entries(stated).map(([id, token]) => [Number(id), isObject(token) ? token : {}] as const),
  ];
  const named = new Set(Object.keys(SPECIAL_IDS).map((name) => contentOf(config[`${name}_token`])));
  return new Map(
    all.map(([id, token]) => {
      const content = String(token['content']);
      return [id, { content, special: token['special'] === true || named.has(content) }];
    }),
  );
}

/** As llama.cpp's script takes added tokens that their makers have not marked. */
function looksSpecial(token: string): boolean {
  if (['<pad>', '<mask>', '<2mass>', '[@BOS@]'].includes(token)) return true;
  return /^<\|.*\|>$|^<｜.*｜>$|^<unused.*>$/su.test(token);
}

/** Pairs of tokens with a space between; a space within one is written as byte-level BPE writes it. */
function mergesOf(definition: Json): string[] {
  const bpe = definition['model'];
  const merges = isObject(bpe) && Array.isArray(bpe['merges']) ? (bpe['merges'] as unknown[]) : [];
  return merges.map((merge) => {
    if (!Array.isArray(merge)) return String(merge);
    return merge.map((part) => String(part).replaceAll(' ', 'Ġ')).join(' ');
  });
}

/** From tokenizer_config.json, else from config.json. */
function specialIds({ definition, config, model }: TokenizerFiles, vocabSize: number): Map<string, number> {
  const added = addedTokensOf(definition);
  const ids = new Map<string, number>();
  for (const [name, key] of Object.entries(SPECIAL_IDS)) {
    const content = contentOf(config[`${name}_token`]);
    const id =
      added.find((token) => content !== null && token['content'] === content)?.['id'] ?? model[`${name}_token_id`];
    if (typeof id === 'number' && Number.isSafeInteger(id) && id >= 0 && id < vocabSize) ids.set(key, id);
  }
  return ids;
}

function contentOf(value: unknown): string | null {
  const content = isObject(value) ? value['content'] : value;
  return typeof content === 'string' ? content : null;
}

/** What the tokenizer sets around a text, told explicitly: llama.cpp has a default of its own for some names. */
async function addedAround(
  { tokenizer, name }: BaseModel,
  ids: ReadonlyMap<string, number>,
): Promise<[string, GgufValue][]> {
  const [whole, bare] = await Promise.all(
    [true, false].map(async (addSpecialTokens) => [...(await tokenizer.encode('a', { addSpecialTokens }))].join(' ')),
  );
  const [bos, eos] = [ids.get('bos_token_id'), ids.get('eos_token_id')];
  for (const addBos of [false, true]) {
    for (const addEos of [false, true]) {
      const expected = [...(addBos ? [bos] : []), bare, ...(addEos ? [eos] : [])].join(' ');
      if (expected !== whole) continue;
      return [
        ['tokenizer.ggml.add_bos_token', { type: 'bool', value: addBos }],
        ['tokenizer.ggml.add_eos_token', { type: 'bool', value: addEos }],
      ];
    }
  }
  throw unsupported(name, 'it adds other tokens to a text than its bos_token and eos_token');
}

function templateMetadata(templates: ReadonlyMap<string, string>): [string, GgufValue][] {
  const others = [...templates.keys()].filter((name) => name !== 'default');
  const keyOf = (name: string) =>
    name === 'default' ? 'tokenizer.chat_template' : `tokenizer.chat_template.${name.replaceAll(/[^A-Za-z0-9]/g, '_')}`;
  return [
    ...[...templates].map(([name, value]): [string, GgufValue] => [keyOf(name), { type: 'string', value }]),
    ...(others.length > 0
      ? [['tokenizer.chat_templates', { type: 'strings', value: others }] as [string, GgufValue]]
      : []),
  ];
}

function unsupported(model: string, reason: string): ExportUnsupportedError {
  const remedy = 'Export with format=merged and convert the folder with llama.cpp, or export format=gguf-adapter.';
  return new ExportUnsupportedError(`The tokenizer of '${model}' cannot be written as GGUF: ${reason}. ${remedy}`, {
    field: 'format',
    remedy,
  });
}
