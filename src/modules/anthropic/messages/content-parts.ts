import { type AnswerReader } from '../../../base-models/tool-calls/tool-call-format.js';
import { type AnswerPart } from '../../../base-models/tool-calls/tool-call.js';
import { type OfferedTools } from '../../generation/index.js';

/** Text as it is, for models that may not call tools. */
const TEXT_READER: AnswerReader = {
  push: (text) => (text === '' ? [] : [{ kind: 'text', text }]),
  finish: () => [],
};

/** Divides an answer into text and calls of tools. */
export function contentReader(tools: OfferedTools | null): AnswerReader {
  return tools ? tools.format.reader(tools.names) : TEXT_READER;
}

/** A whole answer; text that is not interrupted by a call is one part. */
export function contentParts(text: string, tools: OfferedTools | null): AnswerPart[] {
  const reader = contentReader(tools);
  const parts: AnswerPart[] = [];
  for (const part of [...reader.push(text), ...reader.finish()]) {
    const last = parts.at(-1);
    if (part.kind === 'text' && last?.kind === 'text')
      parts[parts.length - 1] = { ...last, text: last.text + part.text };
    else parts.push(part);
  }
  return parts;
}
