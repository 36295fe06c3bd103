/** How long a client waits for the first token of a stream, by OpenAI's chat route and by /generate. */
import path from 'node:path';
import { alternate } from '../measure.mjs';
import { tinyModel } from '../paths.mjs';
import { withService } from '../service.mjs';

const MESSAGES = [{ role: 'user', content: 'Tell me about the sea.' }];
const TOKENS = 8;

/** Resolves with the milliseconds of each, on the bundled model: { chat, generate }. */
export async function measureFirstToken(repeats) {
  const base = path.basename(tinyModel);
  return withService({ BASE_MODELS: tinyModel }, ({ url }) => {
    // Another seed for each pair, so that answers differ between pairs and not within one.
    let seed = 0;
    const chat = {
      model: base,
      messages: MESSAGES,
      max_completion_tokens: TOKENS,
      stream: true,
      stream_options: { include_usage: true },
    };
    const generate = { base_model: base, messages: MESSAGES, max_new_tokens: TOKENS, stream: true };
    return alternate(
      {
        chat: () => firstText(`${url}/v1/chat/completions`, { ...chat, seed: ++seed }),
        generate: () => firstText(`${url}/generate`, { ...generate, seed }),
      },
      repeats,
    );
  });
}

/** From the request to the first event that has text; the stream is read to its end. */
async function firstText(url, body) {
  const started = performance.now();
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  let first = null;
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true });
    first ??= textsIn(text) ? performance.now() - started : null;
  }
  if (first === null) throw new Error(`${url} gave no text:\n${text}`);
  return first;
}

/** Whether an event is complete that has text: OpenAI's `delta.content`, or `text` of a token. */
function textsIn(stream) {
  const events = stream.split('\n\n').slice(0, -1);
  return events.some((event) => {
    const data = /^data: (\{.*)$/m.exec(event)?.[1];
    if (data === undefined) return false;
    const { choices, text } = JSON.parse(data);
    return Boolean(choices ? choices[0]?.delta.content : text);
  });
}
