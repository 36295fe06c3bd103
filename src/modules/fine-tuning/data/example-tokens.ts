import { type BaseModel } from '../../../base-models/base-model.js';
import { type ChatMessage } from '../../../base-models/chat-templates/conversation.js';
import { type PreferenceExample, type TrainingExample } from '../../../datasets/training-example.js';
import { readTrainedChat, readTrainedCompletion, type TrainedSequence } from '../../training/index.js';

export type { TrainedSequence };

export interface TokenizingOptions {
  readonly model: BaseModel;
  readonly truncate: boolean;
}

/**
 * A row as the model reads it: a sequence, or of a preference two, the preferred one first.
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
    case 'completion': {
      const { prompt, completion } = example;
      return [await readTrainedCompletion({ prompt, completion }, field, options)];
    }
    case 'preference':
      return tokenizePreference(example, field, options);
  }
}

/** What the sequence's targets count together: its first token is none. */
export function targetWeight({ weights }: TrainedSequence): number {
  return weights.subarray(1).reduce((sum, weight) => sum + weight, 0);
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
