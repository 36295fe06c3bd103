import { type BaseModel } from '../../../base-models/base-model.js';
import {
  readMessages,
  readTemplateVariables,
  readTools,
} from '../../../base-models/chat-templates/conversation.reader.js';
import { invalid } from '../../../common/json/json-fields.js';
import { readTokenIds } from '../../../common/json/number-lists.js';

/* The forms a prompt can have in a request, each as token ids. All of them throw InvalidRequestError. */

/** Text to continue, without a chat template. `field`: what the client calls it, here and below. */
export function readTextPrompt(text: string, field: string, { tokenizer, config }: BaseModel): Promise<Int32Array> {
  return tokenizer.encode(text, { field, maxTokens: config.contextLength, addSpecialTokens: true });
}

export function readTokensPrompt(list: readonly unknown[], field: string, { config }: BaseModel): Int32Array {
  const tokens = new Int32Array(list.length);
  readTokenIds(list, field, config.vocabSize, tokens, 0);
  return tokens;
}

/** A conversation as a request has it, under the names that clients of chat APIs share. */
export interface ConversationFields {
  readonly messages?: unknown;
  readonly tools?: unknown;
  readonly chat_template_kwargs?: unknown;
  readonly add_generation_prompt?: boolean;
  readonly continue_final_message?: boolean;
}

/** A conversation to answer, or whose last message to continue, through the model's chat template. */
export async function readConversationPrompt(
  fields: ConversationFields,
  { tokenizer, config }: BaseModel,
): Promise<Int32Array> {
  const continueFinalMessage = fields.continue_final_message ?? false;
  const addGenerationPrompt = fields.add_generation_prompt ?? !continueFinalMessage;
  if (continueFinalMessage && addGenerationPrompt) {
    const remedy = 'Choose one: either continue the last message or start a new answer.';
    throw invalid('continue_final_message', 'and add_generation_prompt are both true.', remedy);
  }
  const { messages } = readMessages(fields.messages, 'messages', config.contextLength);
  const tools = readTools(fields.tools, 'tools');
  const templateVariables = readTemplateVariables(fields.chat_template_kwargs, 'chat_template_kwargs');
  const conversation = { messages, tools, templateVariables };
  const options = { addGenerationPrompt, continueFinalMessage, assistantMask: false, maxTokens: config.contextLength };
  return (await tokenizer.encodeChat(conversation, options)).tokens;
}
