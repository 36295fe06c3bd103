import { ContinuationText } from '../../../base-models/tokenizers/continuation-text.js';
import { decoderShowing } from '../../../base-models/tokenizers/shown-tokens.js';
import { type GeneratedSequence } from '../../../operations/payloads/generate-result.js';
import { shownTokens } from '../../generation/index.js';
import { type MessageOrder } from './message-order.js';

/** Which of the client's stop sequences has ended an answer; null where an end token of the model has. */
export async function findStopSequence(
  { tokens, text }: GeneratedSequence,
  { order, stopSequences }: MessageOrder,
): Promise<string | null> {
  const { tokenizer } = order.source.model;
  const last = tokens.at(-1) ?? -1;
  // The text of a special token stands for the token, which is not part of any text.
  const special = stopSequences.find((stop) => tokenizer.specialTokens.get(stop) === last);
  if (special !== undefined) return special;
  if (tokenizer.endTokens.includes(last)) return null;
  const decode = decoderShowing(tokenizer, shownTokens(order));
  const whole = await (await ContinuationText.after(order.prompt, decode)).of(tokens);
  const matches = stopSequences.filter((stop) => whole.startsWith(stop, text.length));
  // Of several that begin at the same character, the shortest was complete first.
  return matches.toSorted((a, b) => a.length - b.length)[0] ?? null;
}
