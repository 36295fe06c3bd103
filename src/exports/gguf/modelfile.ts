import { type BaseModel } from '../../base-models/base-model.js';

/**
 * A Modelfile of Ollama. Its templates are no Jinja, so one is written only where the model's is ChatML, which is found out
 * by rendering; for others Ollama looks whether it knows the template in the GGUF file.
 */
const CHATML =
  '{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n';
const PROBE = [
  { role: 'system', content: 'a' },
  { role: 'user', content: 'b' },
  { role: 'assistant', content: 'c' },
  { role: 'user', content: 'd' },
] as const;
const RENDERED =
  PROBE.map(({ role, content }) => `<|im_start|>${role}\n${content}<|im_end|>\n`).join('') + '<|im_start|>assistant\n';

/** `file`: the GGUF file beside it. */
export async function modelfile(model: BaseModel, file: string): Promise<Uint8Array> {
  const template = (await isChatMl(model))
    ? `TEMPLATE """${CHATML}"""`
    : '# Ollama chooses a template by the one in the file; check it with: ollama show --template <name>';
  const stops = await Promise.all(model.tokenizer.endTokens.map((id) => model.tokenizer.decode([id])));
  const lines = [`FROM ./${file}`, template, ...stops.map((stop) => `PARAMETER stop ${JSON.stringify(stop)}`)];
  return Buffer.from(`${lines.join('\n')}\n`);
}

export function adapterModelfile({ name }: BaseModel, file: string): Uint8Array {
  const lines = [
    `# The GGUF file of the base model, ${name}, or its name in Ollama.`,
    'FROM ./base.gguf',
    `ADAPTER ./${file}`,
  ];
  return Buffer.from(`${lines.join('\n')}\n`);
}

async function isChatMl({ tokenizer }: BaseModel): Promise<boolean> {
  try {
    const chat = await tokenizer.encodeChat({ messages: PROBE }, { addGenerationPrompt: true, assistantMask: false });
    return (await tokenizer.decode(chat.tokens)) === RENDERED;
  } catch {
    // No template, or one that takes no such conversation.
    return false;
  }
}
