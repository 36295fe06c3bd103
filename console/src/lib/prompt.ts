import { type Schemas } from './api.js';
import { type SampleRequest } from './sample.js';

/** A prompt as it is written in a form. */
export interface Prompt {
  readonly system: string;
  /** Of a conversation that was chosen, what was said between the system message and the last one. */
  readonly turns: readonly Schemas['ChatMessageDto'][];
  readonly message: string;
  readonly temperature: string;
  readonly maxTokens: string;
  readonly seed: string;
}

export const DEFAULT_PROMPT: Prompt = {
  system: '',
  turns: [],
  message: 'Hello! What can you do?',
  temperature: '0.7',
  maxTokens: '64',
  seed: '',
};

export function requestOf({ system, turns, message, temperature, maxTokens, seed }: Prompt): SampleRequest {
  const user = { role: 'user', content: message };
  return {
    messages: [...(system.trim() === '' ? [] : [{ role: 'system', content: system }]), ...turns, user],
    temperature: Number(temperature),
    max_new_tokens: Number(maxTokens),
    ...(seed.trim() !== '' && { seed: seed.trim() }),
  };
}
