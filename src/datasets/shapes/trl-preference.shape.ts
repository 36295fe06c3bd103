import { isDeepStrictEqual } from 'node:util';
import { type ChatMessage } from '../../base-models/chat-templates/conversation.js';
import { invalid, isGiven, type JsonObject, readString } from '../../common/json/json-fields.js';
import { type PreferenceExample } from '../training-example.js';
import { readChat, readContinuation, readPromptChat, readToolsOf, refuseWeights } from './chat-fields.js';
import { refuseGiven, type RowShape } from './row-shape.js';

const FORM = 'Pass strings for prompt, chosen and rejected, or lists of messages for all of them.';

/**
 * {"prompt", "chosen", "rejected"}, as TRL's DPO takes it: strings, lists of messages, or without `prompt` two whole
 * conversations that begin alike.
 */
export const TRL_PREFERENCE: RowShape = {
  name: 'preference (prompt, chosen, rejected)',
  marks: ['chosen', 'rejected'],
  fields: ['prompt', 'tools', 'system', 'images'],
  read(row) {
    refuseGiven(row, 'system', 'Make it the first message of the prompt.');
    refuseGiven(row, 'images', 'Only text is supported.');
    const example = Array.isArray(row['chosen']) ? readConversations(row) : readTexts(row);
    refuseWeights(example.prompt, 'prompt');
    refuseWeights(example.preferred, 'chosen');
    refuseWeights(example.rejected, 'rejected');
    return { kind: 'preference', ...example, ...readToolsOf(row, 'tools') };
  },
};

type Pair = Pick<PreferenceExample, 'prompt' | 'preferred' | 'rejected'>;

/** One turn of the user, and one of the assistant. */
function readTexts(row: JsonObject): Pair {
  const turn = (role: string, name: string): ChatMessage[] => {
    const content = readString(row[name], name, FORM);
    if (content === '') throw invalid(name, 'is empty.', 'Remove the row.');
    return [{ role, content }];
  };
  return {
    prompt: turn('user', 'prompt'),
    preferred: turn('assistant', 'chosen'),
    rejected: turn('assistant', 'rejected'),
  };
}

function readConversations(row: JsonObject): Pair {
  if (isGiven(row['prompt'])) {
    return {
      prompt: readPromptChat(row['prompt'], 'prompt'),
      preferred: readContinuation(row['chosen'], 'chosen'),
      rejected: readContinuation(row['rejected'], 'rejected'),
    };
  }
  const chosen = readChat(row['chosen'], 'chosen');
  const rejected = readChat(row['rejected'], 'rejected');
  const length = chosen.findIndex((message, i) => !isDeepStrictEqual(message, rejected[i]));
  const prompt = chosen.slice(0, length);
  if (length < 1) {
    const problem = length < 0 ? 'is the same as rejected, or its beginning.' : 'and rejected do not begin alike.';
    throw invalid('chosen', problem, 'Pass the common beginning as prompt.');
  }
  return {
    prompt: readPromptChat(prompt, 'chosen'),
    preferred: readContinuation(chosen.slice(length), 'chosen'),
    rejected: readContinuation(rejected.slice(length), 'rejected'),
  };
}
