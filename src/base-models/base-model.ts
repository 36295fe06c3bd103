import { type ModelConfig } from '../domain/model/model-config.js';
import { type ChatTokenizer } from './tokenizers/chat-tokenizer.js';

/** A base model that this server offers, with everything but its weights in memory. */
export interface BaseModel {
  /** The name clients use: the Hugging Face id, or the folder's name for a local one. */
  readonly name: string;
  /** Folder with config.json, tokenizer.json and, where an engine runs, the safetensors files. */
  readonly folder: string;
  readonly config: ModelConfig;
  readonly tokenizer: ChatTokenizer;
}
