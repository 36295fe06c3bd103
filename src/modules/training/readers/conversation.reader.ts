import { type TokenizedChat } from '../../../base-models/tokenizers/chat-tokenizer.js';
import { type ChatMessage, type Conversation } from '../../../base-models/chat-templates/conversation.js';
import {
  readMessages,
  readTemplateVariables,
  readTools,
} from '../../../base-models/chat-templates/conversation.reader.js';
import {
  describe,
  invalid,
  isGiven,
  type JsonObject,
  readArray,
  readObject,
  refuseUnknownFields,
} from '../../../common/json/json-fields.js';
import { type DatumBatch } from '../../../domain/datum-batch.js';
import { offsetsOf, type RaggedTensor } from '../../../domain/ragged-tensor.js';
import { descriptionOf, joinTensors, readWireTensor, type WireTensor } from '../../../losses/loss-input-tensors.js';
import { inputOffsets, type LossInputSpec, type LossMetadata } from '../../../losses/loss-function.js';
import { type BatchContext, checkSequence, type TrainedSequence, type TrainOn } from './batch-context.js';
import { isCompletion, readTrainedCompletion } from './completion.reader.js';

const ROW_FIELDS = ['messages', 'tools', 'chat_template_kwargs'];

/** A conversation as tokens, with what each of its answers counts in training; null where nothing was said. */
interface WeightedChat extends TokenizedChat {
  readonly answerWeights: readonly (number | null)[];
}

/**
 * Conversations through the model's chat template, and texts as they stand, shifted for next-token prediction: a chat of
 * T tokens has T - 1 inputs and T - 1 targets. All targets count, or only answers and completions. `lossFnInputs` holds, by
 * name, one list of T - 1 numbers, or one number for all positions or for the conversation as such, per conversation.
 */
export async function readConversations(
  data: readonly unknown[],
  lossFnInputs: unknown,
  trainOn: TrainOn,
  context: BatchContext,
): Promise<DatumBatch> {
  const chats: WeightedChat[] = [];
  // One after another: the first that is wrong is the one that is refused.
  for (const [i, value] of data.entries()) {
    const field = `data[${i}]`;
    const chat = isCompletion(value)
      ? tokenizeCompletion(value, field, context.model)
      : tokenize(value, field, trainOn, context);
    chats.push(await chat);
  }
  const offsets = offsetsOf(chats.map((chat) => chat.tokens.length - 1));
  const tokens = concatenate(chats, offsets, 0);
  const targets = concatenate(chats, offsets, 1);
  const lossInputs: Record<string, RaggedTensor> = { target_tokens: targets };
  if (trainOn === 'assistant') {
    requireWeights(context.loss);
    lossInputs['weights'] = assistantWeights(chats, offsets);
  }
  const given = readObject(lossFnInputs ?? {}, 'loss_fn_inputs', 'Pass {"name": [one list per conversation]}.');
  refuseUnknownFields(given, context.knownInputs, 'loss_fn_inputs');
  for (const spec of context.loss.inputs) addGiven(spec, given, offsets, context, lossInputs);
  return { tokens, lossInputs };
}

/** A single conversation as `train_on: assistant` reads it. `truncate`: cuts what exceeds the context, instead of refusing it. */
export async function readTrainedChat(
  value: unknown,
  field: string,
  { model, truncate }: Pick<BatchContext, 'model'> & { readonly truncate: boolean },
): Promise<TrainedSequence> {
  const chat = await tokenize(value, field, 'assistant', { model, truncate });
  const weights = weightsByAnswer(chat, field);
  return { tokens: chat.tokens, weights: Float32Array.from(chat.assistant, (answer) => weights[answer]!) };
}

async function tokenize(
  value: unknown,
  field: string,
  trainOn: TrainOn,
  { model, truncate = false }: Pick<BatchContext, 'model'> & { readonly truncate?: boolean },
): Promise<WeightedChat> {
  const { conversation, weights } = readRow(value, field, model.config.contextLength);
  const path = Array.isArray(value) ? field : `${field}.messages`;
  const answerWeights = readAnswerWeights(conversation, weights, trainOn, path);
  const whole = await model.tokenizer.encodeChat(conversation, {
    field,
    assistantMask: trainOn === 'assistant',
    maxTokens: truncate ? undefined : model.config.contextLength,
  });
  const chat = truncate ? beginningOf(whole, model.config.contextLength) : whole;
  await checkSequence(chat.tokens, field, model);
  return { ...chat, answerWeights };
}

/** A completion is a text's only answer. */
async function tokenizeCompletion(value: unknown, field: string, model: BatchContext['model']): Promise<WeightedChat> {
  const { tokens, weights } = await readTrainedCompletion(value, field, { model, truncate: false });
  return { tokens, assistant: Int32Array.from(weights), answers: 1, answerWeights: [null] };
}

function beginningOf(chat: TokenizedChat, length: number): TokenizedChat {
  return { ...chat, tokens: chat.tokens.slice(0, length), assistant: chat.assistant.slice(0, length) };
}

/** A row of a data set: a list of messages, or an object with them and with what the template needs beside them. */
function readRow(
  value: unknown,
  field: string,
  maxMessages: number,
): { conversation: Conversation; weights: readonly (number | null)[] } {
  if (Array.isArray(value)) {
    const { messages, weights } = readMessages(value, field, maxMessages);
    return { conversation: { messages }, weights };
  }
  const row = readObject(value, field, 'Pass {"messages": [...]} or a list of messages.');
  refuseUnknownFields(row, ROW_FIELDS, field);
  const { messages, weights } = readMessages(row['messages'], `${field}.messages`, maxMessages);
  const tools = readTools(row['tools'], `${field}.tools`);
  const templateVariables = readTemplateVariables(row['chat_template_kwargs'], `${field}.chat_template_kwargs`);
  return { conversation: { messages, tools, templateVariables }, weights };
}

/** Weights of the assistant's messages, in order. Others have none, since nothing of theirs is trained. */
function readAnswerWeights(
  { messages }: Conversation,
  weights: readonly (number | null)[],
  trainOn: TrainOn,
  field: string,
): (number | null)[] {
  const answers = trainOn === 'assistant';
  const i = weights.findIndex((weight, k) => isGiven(weight) && !(answers && (weight === 0 || isAnswer(messages[k]!))));
  if (i >= 0) {
    const problem = answers ? 'but the message is not from the assistant.' : 'but all tokens have the same weight.';
    const remedy = 'Weights apply to the assistant\'s answers with "train_on": "assistant".';
    throw invalid(`${field}[${i}].weight`, `is given, ${problem}`, remedy);
  }
  return weights.filter((_, k) => isAnswer(messages[k]!));
}

function isAnswer({ role }: ChatMessage): boolean {
  return role === 'assistant';
}

/** Tokens `shift` .. N + shift - 1 of every chat. */
function concatenate(chats: readonly TokenizedChat[], offsets: Int32Array, shift: 0 | 1): RaggedTensor<Int32Array> {
  const data = new Int32Array(offsets[chats.length]!);
  chats.forEach(({ tokens }, i) => data.set(tokens.subarray(shift, tokens.length - 1 + shift), offsets[i]));
  return { data, offsets, trailingShape: [] };
}

function assistantWeights(chats: readonly WeightedChat[], offsets: Int32Array): RaggedTensor<Float32Array> {
  const data = new Float32Array(offsets[chats.length]!);
  chats.forEach((chat, i) => {
    const weights = weightsByAnswer(chat, `data[${i}]`);
    const { assistant } = chat;
    for (let t = 1; t < assistant.length; t++) data[offsets[i]! + t - 1] = weights[assistant[t]!]!;
  });
  return { data, offsets, trailingShape: [] };
}

/** What a token of answer k counts, at k; 0 at 0, for tokens of nobody's answer. */
function weightsByAnswer({ answers, answerWeights }: WeightedChat, field: string): readonly number[] {
  if (answers === 0) throw invalid(field, 'has no assistant message.', 'Add one, or use "train_on": "all".');
  if (answerWeights.every((weight) => weight === null)) return [0, ...new Array<number>(answers).fill(1)];
  if (answerWeights.length === answers) return [0, ...answerWeights.map((weight) => weight ?? 1)];
  throw invalid(
    field,
    'has weights, but the chat template does not mark exactly one answer per assistant message.',
    'Omit weight, or send tokens with explicit weights.',
  );
}

/** A written loss need not read weights, and then would train on all tokens without a word. */
function requireWeights({ name, inputs }: LossMetadata): void {
  if (inputs.some((spec) => spec.name === 'weights' && spec.per !== 'datum')) return;
  const remedy =
    'Multiply by weights in its formula ("inputs": {"weights": {"default": 1}}), or use "train_on": "all".';
  throw invalid('train_on', `is "assistant", but loss ${name} does not read weights.`, remedy);
}

function addGiven(
  spec: LossInputSpec,
  given: JsonObject,
  offsets: Int32Array,
  context: BatchContext,
  lossInputs: Record<string, RaggedTensor>,
): void {
  const field = `loss_fn_inputs.${spec.name}`;
  const value = given[spec.name];
  if (value === undefined) {
    if (!spec.required || lossInputs[spec.name]) return;
    throw invalid(field, 'is missing.', `This loss requires it, as one list per conversation${descriptionOf(spec)}`);
  }
  const vocabSize = spec.dtype === 'int' ? context.model.config.vocabSize : undefined;
  const rows = inputOffsets(spec, offsets);
  const tensor = joinTensors(readPerSample(value, field, rows, spec.per), rows, vocabSize);
  if (spec.name === 'target_tokens') checkTargets(tensor, lossInputs, field);
  else lossInputs[spec.name] = maskedWeights(spec.name, tensor, lossInputs);
}

function readPerSample(value: unknown, field: string, offsets: Int32Array, per: LossInputSpec['per']): WireTensor[] {
  const samples = readArray(value, field, 'Pass one list of numbers, or one number, per conversation.');
  const count = offsets.length - 1;
  if (samples.length !== count) {
    const remedy = 'Pass one list of numbers, or one number, per conversation.';
    throw invalid(field, `has ${samples.length} entries, but there are ${count} conversations.`, remedy);
  }
  return samples.map((sample, i) => {
    const rows = offsets[i + 1]! - offsets[i]!;
    const values = typeof sample === 'number' ? new Array<number>(rows).fill(sample) : sample;
    return readWireTensor(values, `${field}[${i}]`, rows, per);
  });
}

/** Clients of the original send the targets along; anything but the shifted tokens is a misunderstanding. */
function checkTargets(given: RaggedTensor, lossInputs: Record<string, RaggedTensor>, field: string): void {
  const targets = lossInputs['target_tokens']!.data;
  const wrong = given.data.findIndex((token, i) => token !== targets[i]);
  if (wrong < 0) return;
  throw invalid(
    field,
    `differs from the conversation's next tokens (${describe(given.data[wrong])} where the chat has ${targets[wrong]}).`,
    'Omit target_tokens for conversations, or send token-level datums.',
  );
}

/** Weights given on top of "train_on": "assistant" still count for the assistant's tokens only. */
function maskedWeights(
  name: string,
  tensor: RaggedTensor,
  lossInputs: Readonly<Record<string, RaggedTensor>>,
): RaggedTensor {
  const mask = name === 'weights' ? lossInputs['weights']?.data : undefined;
  return mask ? { ...tensor, data: Float32Array.from(tensor.data, (weight, i) => weight * mask[i]!) } : tensor;
}
