/** What OpenAI's and Anthropic's routes put before the id of the request. */
const PREFIX = /^(?:chatcmpl-|cmpl-|msg_)/;
const REQUEST_ID = /^future_[0-9A-Z]{26}$/;

/** The id of the request behind the id of an answer, in any dialect; null for what is neither. */
export function requestIdOf(completionId: string): string | null {
  const id = completionId.replace(PREFIX, '');
  return REQUEST_ID.test(id) ? id : null;
}
