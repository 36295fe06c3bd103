import { type BaseModel } from '../../../base-models/base-model.js';
import { type ChatMessage } from '../../../base-models/chat-templates/conversation.js';
import { requireEmbeddings } from '../../../base-models/tokenizers/text-limits.js';
import { invalid } from '../../../common/json/json-fields.js';
import {
  type CompletionExample,
  type PreferenceExample,
  type TrainingExample,
} from '../../../datasets/training-example.js';
import { checkContextLength, readTrainedChat, type TrainedChat } from '../../training/index.js';

/** A sequence of tokens, and what each of them counts as a target; a row has one, or of preferences two. */
export type TrainedSequence = TrainedChat;

export interface TokenizingOptions {
  readonly model: BaseModel;
  readonly truncate: boolean;
}

/**
 * A row as the model reads it. Of a preference, the preferred sequence comes first.
 * @param field what an error calls the row
 * @throws InvalidRequestError for what the base model cannot read
 */
export async function tokenizeExample(
  example: TrainingExample,
  field: string,
  options: TokenizingOptions,
): Promise<readonly TrainedSequence[]> {
  switch (example.kind) {
    case 'chat': {
      const { messages, tools } = example;
      return [await readTrainedChat({ messages, tools }, field, options)];
    }
    case 'completion':
      return [await tokenizeCompletion(example, field, options)];
    case 'preference':
      return tokenizePreference(example, field, options);
  }
}

/** What the sequence's targets count together: its first token is none. */
export function targetWeight({ weights }: TrainedSequence): number {
  return weights.subarray(1).reduce((sum, weight) => sum + weight, 0);
}

/** Prompt and completion as one text; a token across the border belongs to the completion, which ends with the end token. */
async function tokenizeCompletion(
  { prompt, completion }: CompletionExample,
  field: string,
  { model, truncate }: TokenizingOptions,
): Promise<TrainedSequence> {
  const { tokenizer, config } = model;
  const maxTokens = truncate ? undefined : config.contextLength;
  const text = await tokenizer.encodeWithOffsets(prompt + completion, { field, maxTokens });
  const weights = Array.from(text.tokens, (_, i) => ((text.offsets[2 * i + 1] ?? 0) > prompt.length ? 1 : 0));
  const tokens = Array.from(text.tokens);
  const [end] = tokenizer.endTokens;
  if (tokenizer.endTokens.includes(tokens.at(-1) ?? -1)) weights[weights.length - 1] = 1;
  else if (end !== undefined) {
    tokens.push(end);
    weights.push(1);
  }
  const length = truncate ? config.contextLength : tokens.length;
  const sequence = {
    tokens: Int32Array.from(tokens.slice(0, length)),
    weights: Float32Array.from(weights.slice(0, length)),
  };
  if (sequence.tokens.length < 2) {
    throw invalid(field, `has only ${sequence.tokens.length} token.`, 'Next-token prediction requires at least two.');
  }
  checkContextLength(sequence.tokens.length, field, model);
  await requireEmbeddings(sequence.tokens, field, model);
  return sequence;
}

/** Only the continuation is compared: earlier answers belong to the prompt. */
async function tokenizePreference(
  { prompt, preferred, rejected, tools }: PreferenceExample,
  field: string,
  options: TokenizingOptions,
): Promise<readonly TrainedSequence[]> {
  const given = prompt.map((message): ChatMessage =>
    message.role === 'assistant' ? { ...message, weight: 0 } : message,
  );
  const read = (continuation: readonly ChatMessage[]) =>
    readTrainedChat({ messages: [...given, ...continuation], tools }, field, options);
  return [await read(preferred), await read(rejected)];
}
