import { invalid } from '../../common/json/json-fields.js';
import { type BaseModel } from '../base-model.js';

/** A tokenizer may have more tokens than the model has embeddings. @throws InvalidRequestError naming such a token */
export async function requireEmbeddings(
  tokens: Int32Array,
  field: string,
  { name, config, tokenizer }: Pick<BaseModel, 'name' | 'config' | 'tokenizer'>,
): Promise<void> {
  const unknown = tokens.find((id) => id >= config.vocabSize);
  if (unknown === undefined) return;
  const text = JSON.stringify(await tokenizer.decode([unknown]));
  throw invalid(
    field,
    `contains token ${unknown} (${text}), but '${name}' only has embeddings for ${config.vocabSize} tokens (vocab_size).`,
    'Remove this token.',
  );
}
