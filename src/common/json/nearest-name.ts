import { closest, distance } from 'fastest-levenshtein';

/** Longer names are no slips of the pen. */
const MAX_LENGTH = 64;

/** What other services and libraries call a setting, and what it is called here; a dot leads into an object. */
const SYNONYMS: ReadonlyMap<string, readonly string[]> = new Map([
  ['adam_config', ['adam_params']],
  ['best_of', ['n']],
  ['clip_norm', ['grad_clip_norm']],
  ['config', ['lora_config', 'loss_fn_config']],
  ['epsilon', ['eps']],
  ['learning_rate', ['adam_params.learning_rate']],
  ['lora_rank', ['rank']],
  ['loss', ['loss_fn']],
  ['lr', ['learning_rate', 'adam_params.learning_rate']],
  ['max_completion_tokens', ['max_new_tokens']],
  ['max_length', ['max_new_tokens']],
  ['model', ['model_id', 'base_model']],
  ['modules', ['target_modules']],
  ['num_return_sequences', ['n']],
  ['optimizer', ['adam_params']],
  ['optimizer_params', ['adam_params']],
  ['peft_config', ['lora_config']],
  ['return_logprobs', ['logprobs']],
  ['rslora', ['use_rslora']],
  ['stop_sequences', ['stop']],
  ['weight_decay', ['adam_params.weight_decay']],
]);

/** The known name that was probably meant: another word for it, another case, or a few slips away; null if none is near. */
export function nearestName(name: string, known: readonly string[]): string | null {
  if (name.length > MAX_LENGTH || known.length === 0) return null;
  const plain = snakeCase(name);
  const synonym = SYNONYMS.get(plain)?.find((path) => path.split('.', 1).every((first) => known.includes(first)));
  if (synonym !== undefined) return synonym;
  const nearest = closest(plain, known);
  // Two letters that are swapped are one slip, but count as two.
  const slips = letters(plain) === letters(nearest) ? 2 : Math.floor(Math.max(plain.length, nearest.length) / 3);
  return distance(plain, nearest) <= slips ? nearest : null;
}

/** `Did you mean learning_rate? `, or nothing. */
export function didYouMean(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return nearest === null ? '' : `Did you mean ${nearest}? `;
}

function letters(name: string): string {
  return [...name].sort().join('');
}

/** maxNewTokens, Max-New-Tokens -> max_new_tokens */
function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[\s-]+/g, '_')
    .toLowerCase();
}
