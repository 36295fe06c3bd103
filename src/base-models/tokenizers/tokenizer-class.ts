import { isObject, type Json, type TokenizerFiles } from './tokenizer-files.js';

/** `as-is`: tokenizer.json says all (TokenizersBackend, as PreTrainedTokenizerFast is called by now). */
export type TokenizerClass = 'as-is' | 'LlamaTokenizer' | 'Qwen2Tokenizer' | 'GPT2Tokenizer' | 'GemmaTokenizer';

const REBUILT: readonly TokenizerClass[] = ['LlamaTokenizer', 'Qwen2Tokenizer', 'GPT2Tokenizer', 'GemmaTokenizer'];

/**
 * Classes of transformers 5.24 that do not take tokenizer.json as it is: they build another tokenizer from its
 * vocabulary, or work in Python. Any other name is loaded as it is there, too.
 */
const OTHERS = new Set(
  (
    'Albert BarthezTokenizer Barthez Bart Bartpho Bert BertJapanese Bertweet BigBird BioGpt Blenderbot BlenderbotSmall ' +
    'ByT5 CLIP CTRL Camembert Canine Clvp CodeLlama Cohere Cpm CpmAnt DPRQuestionEncoder Deberta DebertaV2 Dia Esm Esmc ' +
    'FSMT Flaubert Funnel GPTNeoX GPTNeoXJapanese Herbert LED Lasr LayoutLMv2 LayoutLMv3 LayoutXLM Luke Lxmert MBart ' +
    'MBart50 MPNet MarkupLM Mgpstr MobileBert Mvp MyT5 Nllb Nougat OpenAIGPT PLBart Pegasus Perceiver Phobert ' +
    'ProphetNet Qwen3_5 Rag Reformer RemBert RoCBert RoFormer Roberta SeamlessM4T Siglip2 Splinter T5 Tapas Udop ' +
    'VideoPrism Vits Wav2Vec2CTC Wav2Vec2PhonemeCTC Whisper XGLM XLM XLMRoberta XLNet'
  )
    .split(' ')
    .map((name) => `${name}Tokenizer`),
);

/** The class that transformers has for a kind of model, where it has one. */
const OF_MODEL: Readonly<Record<string, string>> = {
  gemma3_text: 'GemmaTokenizer',
  mistral: 'TokenizersBackend',
  olmo2: 'TokenizersBackend',
  phi3: 'TokenizersBackend',
  qwen2: 'Qwen2Tokenizer',
  qwen3: 'Qwen2Tokenizer',
  qwen3_moe: 'Qwen2Tokenizer',
};

/** Kinds of models whose files transformers does not believe about the class. */
const DISBELIEVED = new Set(['phi3', 'qwen2']);

/**
 * The class with which AutoTokenizer of transformers 5.24 loads the files (models/auto/tokenization_auto.py). It
 * decides what becomes of tokenizer.json: some classes take its vocabulary only. @throws Error naming a class that
 * builds a tokenizer in a way of its own
 */
export function tokenizerClassOf({ config, definition, model }: TokenizerFiles): TokenizerClass {
  const modelType = typeof model['model_type'] === 'string' ? model['model_type'] : '';
  const stated = nameIn(config);
  const name = stated ?? nameIn(model);
  const registered = OF_MODEL[modelType];
  const believed = !DISBELIEVED.has(modelType);
  // Llama 3 and DeepSeek call themselves Llama tokenizers and are none.
  if (name === 'LlamaTokenizer' && believed && JSON.stringify(withoutModel(definition)).includes('"ByteLevel"')) {
    return 'as-is';
  }
  if (registered !== undefined && registered !== name) {
    if (registered === 'TokenizersBackend') return 'as-is';
    return known(believed ? (name ?? registered) : registered);
  }
  if (name === null && remoteCode(config)) throw new Error('its tokenizer requires its own Python code (auto_map)');
  return known(name ?? registered ?? 'TokenizersBackend');
}

/** Settings with which transformers gives other ids or texts than this service would. @throws Error naming one */
export function refuseOtherSettings({ config, definition }: TokenizerFiles): void {
  const refused = ['split_special_tokens', 'fix_mistral_regex'].find((name) => config[name] === true);
  if (refused !== undefined) throw new Error(`${refused} in its tokenizer_config.json is not supported`);
  const files: unknown = config['fast_tokenizer_files'];
  if (Array.isArray(files) && files.some((file) => file !== 'tokenizer.json')) {
    throw new Error('fast_tokenizer_files in its tokenizer_config.json is not supported');
  }
  const isBpe = isObject(definition['model']) && definition['model']['type'] === 'BPE';
  const forced = 'clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output';
  if (config['clean_up_tokenization_spaces'] === true && (!isBpe || config[forced] === true)) {
    throw new Error('clean_up_tokenization_spaces is not supported for this type of tokenizer');
  }
}

function known(name: string): TokenizerClass {
  const rebuilt = REBUILT.find((one) => one === name);
  if (rebuilt) return rebuilt;
  if (OTHERS.has(name)) throw new Error(`tokenizer_class ${name} is not supported`);
  return 'as-is';
}

function nameIn(json: Json): string | null {
  const name = json['tokenizer_class'];
  return typeof name === 'string' ? name.replace(/Fast$/, '') : null;
}

function remoteCode({ auto_map: map }: Json): boolean {
  return Array.isArray(map) || (isObject(map) && map['AutoTokenizer'] !== undefined);
}

function withoutModel(definition: Json): Json {
  return { ...definition, model: null };
}
