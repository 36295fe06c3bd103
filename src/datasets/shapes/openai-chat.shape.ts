import { readToolsOf, readTrainedChat } from './chat-fields.js';
import { refuseGiven, type RowShape } from './row-shape.js';

/** {"messages": [{"role": "user", "content": "..."}, ...], "tools": [...]}, as OpenAI's supervised fine-tuning takes it. */
export const OPENAI_CHAT: RowShape = {
  name: 'chat (messages)',
  marks: ['messages'],
  // How the model was to call tools when the answers were written; training does not read it.
  fields: ['tools', 'parallel_tool_calls', 'functions', 'function_call', 'chat_template_kwargs'],
  read(row) {
    refuseGiven(row, 'functions', 'Use tools.');
    refuseGiven(row, 'function_call', 'Use tools, and tool_calls in messages.');
    refuseGiven(row, 'chat_template_kwargs', 'Variables of the template apply to a whole job, not to a row.');
    return { kind: 'chat', messages: readTrainedChat(row['messages'], 'messages'), ...readToolsOf(row, 'tools') };
  },
};
