/** What the card of a pushed adapter says. */
export interface ModelCard {
  readonly repo: string;
  readonly format: 'peft' | 'merged' | 'gguf' | 'gguf-adapter';
  /** As the server names it: an id of the hub, or the name of a folder. */
  readonly baseModel: string;
  readonly version: string;
}

const HUB_ID = /^[\w.-]+\/[\w.-]+$/;

const WHAT = {
  peft: 'A LoRA adapter in the format of PEFT',
  merged: 'A LoRA adapter merged into its base model',
  gguf: 'A LoRA adapter merged into its base model, as GGUF',
  'gguf-adapter': 'A LoRA adapter as GGUF',
} as const;
/** https://huggingface.co/docs/hub/model-cards#specifying-a-base-model */
const RELATION = { peft: 'adapter', merged: 'merge', gguf: 'quantized', 'gguf-adapter': 'adapter' } as const;
const LIBRARY = { peft: 'peft', merged: 'transformers', gguf: null, 'gguf-adapter': null } as const;

/**
 * README.md with the metadata that the hub reads. The licence is left to the owner: it follows from the base model's and
 * from the data.
 */
export function modelCard({ repo, format, baseModel, version }: ModelCard): string {
  const library = LIBRARY[format];
  const tags = ['lora', 'thinker', ...(format.startsWith('gguf') ? ['gguf'] : [])];
  const metadata = [
    // The hub knows models by its own ids only.
    ...(HUB_ID.test(baseModel) ? [`base_model: ${baseModel}`, `base_model_relation: ${RELATION[format]}`] : []),
    ...(library === null ? [] : [`library_name: ${library}`]),
    'pipeline_tag: text-generation',
    'tags:',
    ...tags.map((tag) => `  - ${tag}`),
    '# license: add the one that your base model and your data allow',
  ];
  return `---
${metadata.join('\n')}
---

# ${repo.slice(repo.indexOf('/') + 1)}

${WHAT[format]}. Base model: ${baseModel}. Trained with Thinker ${version}.
${usage(format, repo, baseModel)}`;
}

function usage(format: ModelCard['format'], repo: string, baseModel: string): string {
  if (format === 'peft') {
    return code(
      'python',
      `from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained("${baseModel}"), "${repo}")
tokenizer = AutoTokenizer.from_pretrained("${baseModel}")`,
    );
  }
  if (format === 'merged') {
    return code(
      'python',
      `from transformers import AutoModelForCausalLM, AutoTokenizer

model = AutoModelForCausalLM.from_pretrained("${repo}")
tokenizer = AutoTokenizer.from_pretrained("${repo}")`,
    );
  }
  return format === 'gguf' ? code('sh', `llama-cli -hf ${repo}`) : '';
}

function code(language: string, text: string): string {
  return `\n\`\`\`${language}\n${text}\n\`\`\`\n`;
}
