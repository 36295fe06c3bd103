import { type ChatMessage, type TokenizedChat } from '../../base-models/chat-tokenizer.js';
import { requireEmbeddings } from '../../base-models/text-limits.js';
import {
  describe,
  invalid,
  type JsonObject,
  readArray,
  readObject,
  readString,
  refuseUnknownFields,
} from '../../common/json/json-fields.js';
import { type DatumBatch } from '../../domain/datum-batch.js';
import { offsetsOf, type RaggedTensor } from '../../domain/ragged-tensor.js';
import {
  descriptionOf,
  inputOffsets,
  joinTensors,
  type LossInputSpec,
  type LossMetadata,
  readWireTensor,
  type WireTensor,
} from '../losses/index.js';
import { type BatchContext, checkContextLength, type TrainOn } from './batch-context.js';

const FORM = 'A conversation is a list of {"role": "user", "content": "..."} messages.';

/**
 * Conversations through the model's chat template, shifted for next-token prediction: a chat of T tokens has T - 1
 * inputs and T - 1 targets. All targets count, or only those the assistant wrote. `lossFnInputs` holds, by name, one
 * list of T - 1 numbers, or one number for all positions or for the conversation as such, per conversation.
 */
export async function readConversations(
  data: readonly unknown[],
  lossFnInputs: unknown,
  trainOn: TrainOn,
  context: BatchContext,
): Promise<DatumBatch> {
  const chats: TokenizedChat[] = [];
  // One after another: the first that is wrong is the one that is refused.
  for (const [i, value] of data.entries()) chats.push(await tokenize(value, `data[${i}]`, trainOn, context));
  const offsets = offsetsOf(chats.map((chat) => chat.tokens.length - 1));
  const tokens = concatenate(chats, offsets, 0);
  const targets = concatenate(chats, offsets, 1);
  const lossInputs: Record<string, RaggedTensor> = { target_tokens: targets };
  if (trainOn === 'assistant') {
    requireWeights(context.loss);
    lossInputs['weights'] = assistantWeights(chats, offsets);
  }
  const given = readObject(lossFnInputs ?? {}, 'loss_fn_inputs', 'Give {"name": [one list per conversation]}.');
  refuseUnknownFields(given, context.knownInputs, 'loss_fn_inputs');
  for (const spec of context.loss.inputs) addGiven(spec, given, offsets, context, lossInputs);
  return { tokens, lossInputs };
}

export function readMessages(value: unknown, field: string): ChatMessage[] {
  const messages = readArray(value, field, FORM);
  if (messages.length === 0) throw invalid(field, 'is empty.', 'Give at least one message.');
  return messages.map((entry, k) => {
    const path = `${field}[${k}]`;
    const message = readObject(entry, path, FORM);
    refuseUnknownFields(message, ['role', 'content'], path);
    const role = readString(message['role'], `${path}.role`, FORM);
    return { role, content: readString(message['content'], `${path}.content`, FORM) };
  });
}

async function tokenize(
  value: unknown,
  field: string,
  trainOn: TrainOn,
  { model }: BatchContext,
): Promise<TokenizedChat> {
  const assistantMask = trainOn === 'assistant';
  const chat = await model.tokenizer.encodeChat(readMessages(value, field), {
    ...{ field, assistantMask },
    maxTokens: model.config.contextLength,
  });
  if (chat.tokens.length < 2) {
    throw invalid(field, `is only ${chat.tokens.length} token long.`, 'Next-token prediction needs at least two.');
  }
  checkContextLength(chat.tokens.length, field, model);
  await requireEmbeddings(chat.tokens, field, model);
  return chat;
}

/** Tokens `shift` .. N + shift - 1 of every chat. */
function concatenate(chats: readonly TokenizedChat[], offsets: Int32Array, shift: 0 | 1): RaggedTensor<Int32Array> {
  const data = new Int32Array(offsets[chats.length]!);
  chats.forEach(({ tokens }, i) => data.set(tokens.subarray(shift, tokens.length - 1 + shift), offsets[i]));
  return { data, offsets, trailingShape: [] };
}

function assistantWeights(chats: readonly TokenizedChat[], offsets: Int32Array): RaggedTensor<Float32Array> {
  const data = new Float32Array(offsets[chats.length]!);
  chats.forEach(({ assistant }, i) => {
    if (!assistant.includes(1)) {
      throw invalid(`data[${i}]`, 'has no assistant message.', 'Add one, or use "train_on": "all".');
    }
    data.set(assistant.subarray(1), offsets[i]);
  });
  return { data, offsets, trailingShape: [] };
}

/** A written loss need not read weights, and then would train on all tokens without a word. */
function requireWeights({ name, inputs }: LossMetadata): void {
  if (inputs.some((spec) => spec.name === 'weights' && spec.per !== 'datum')) return;
  const remedy =
    'Multiply by weights in its formula ("inputs": {"weights": {"default": 1}}), or use "train_on": "all".';
  throw invalid('train_on', `is "assistant", but loss ${name} reads no weights.`, remedy);
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
    throw invalid(field, 'is missing.', `This loss needs it, one list per conversation${descriptionOf(spec)}`);
  }
  const vocabSize = spec.dtype === 'int' ? context.model.config.vocabSize : undefined;
  const rows = inputOffsets(spec, offsets);
  const tensor = joinTensors(readPerSample(value, field, rows, spec.per), rows, vocabSize);
  if (spec.name === 'target_tokens') checkTargets(tensor, lossInputs, field);
  else lossInputs[spec.name] = maskedWeights(spec.name, tensor, lossInputs);
}

function readPerSample(value: unknown, field: string, offsets: Int32Array, per: LossInputSpec['per']): WireTensor[] {
  const samples = readArray(value, field, 'Give one list of numbers, or one number, per conversation.');
  const count = offsets.length - 1;
  if (samples.length !== count) {
    const remedy = 'Give one list of numbers, or one number, per conversation.';
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
    'Leave target_tokens out for conversations, or send token-level datums.',
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
