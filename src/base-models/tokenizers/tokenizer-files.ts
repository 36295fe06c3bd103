import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UnsupportedCheckpointError } from '../../formats/format.errors.js';

export type Json = Readonly<Record<string, unknown>>;

/** What a model's folder says about its tokenizer; null or {} for files that it does not have. */
export interface TokenizerFiles {
  /** tokenizer.json. */
  readonly definition: Json;
  /** tokenizer_config.json. */
  readonly config: Json;
  /** special_tokens_map.json: older, and read only where tokenizer_config.json has no added_tokens_decoder. */
  readonly specialTokensMap: Json;
  /** added_tokens.json, of the same age: ids by token. */
  readonly addedTokens: Json;
  readonly generation: Json | null;
  /** config.json. */
  readonly model: Json;
}

/** `what` names the model in errors. @throws UnsupportedCheckpointError when a file is missing or malformed. */
export async function readTokenizerFiles(folder: string, what: string): Promise<TokenizerFiles> {
  const read = (name: string) => readJson(folder, name, what);
  const definition = await read('tokenizer.json');
  if (!definition) {
    throw new UnsupportedCheckpointError(`${what} cannot be loaded: its folder has no tokenizer.json.`, {
      remedy: 'Create it once with transformers: AutoTokenizer.from_pretrained(x).save_pretrained(y).',
    });
  }
  return {
    definition,
    config: (await read('tokenizer_config.json')) ?? {},
    specialTokensMap: (await read('special_tokens_map.json')) ?? {},
    addedTokens: (await read('added_tokens.json')) ?? {},
    generation: await read('generation_config.json'),
    model: (await read('config.json')) ?? {},
  };
}

/**
 * Chat templates by name, 'default' for most, as transformers finds them: files of their own (chat_template.jinja,
 * additional_chat_templates/*.jinja) stand before what tokenizer_config.json says, all of it; chat_template.json, which
 * processors have, comes last.
 */
export async function readChatTemplates(folder: string, config: Json, what: string): Promise<Map<string, string>> {
  const templates = await templateFiles(folder, what);
  if (templates.size > 0) return templates;
  const stated = config['chat_template'] ?? (await readJson(folder, 'chat_template.json', what))?.['chat_template'];
  if (typeof stated === 'string') return templates.set('default', stated);
  for (const entry of Array.isArray(stated) ? (stated as unknown[]) : []) {
    if (!isObject(entry) || typeof entry['name'] !== 'string' || typeof entry['template'] !== 'string') continue;
    templates.set(entry['name'], entry['template']);
  }
  return templates;
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function templateFiles(folder: string, what: string): Promise<Map<string, string>> {
  const templates = new Map<string, string>();
  const main = await readText(folder, 'chat_template.jinja', what);
  if (main !== null) templates.set('default', main);
  const subfolder = join(folder, 'additional_chat_templates');
  const names = await readdir(subfolder).catch(() => []);
  for (const name of names.filter((file) => file.endsWith('.jinja')).sort()) {
    templates.set(name.slice(0, -'.jinja'.length), (await readText(subfolder, name, what)) ?? '');
  }
  return templates;
}

async function readText(folder: string, name: string, what: string): Promise<string | null> {
  try {
    return await readFile(join(folder, name), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new UnsupportedCheckpointError(`${what} cannot be loaded: its ${name} cannot be read.`, {}, { cause: error });
  }
}

async function readJson(folder: string, name: string, what: string): Promise<Json | null> {
  const text = await readText(folder, name, what);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch (error) {
    throw new UnsupportedCheckpointError(`${what} cannot be loaded: its ${name} is not JSON.`, {}, { cause: error });
  }
  throw new UnsupportedCheckpointError(`${what} cannot be loaded: its ${name} is not a JSON object.`);
}
