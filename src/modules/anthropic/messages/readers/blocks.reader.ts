import {
  describe,
  invalid,
  isGiven,
  type JsonObject,
  readArray,
  readFlag,
  readObject,
  readString,
} from '../../../../common/json/json-fields.js';
import { type Block, type Role, type TextBlock } from './turn.js';

/** Who may say what. */
const BLOCKS_OF = {
  user: ['text', 'tool_result'],
  assistant: ['text', 'tool_use'],
  system: ['text'],
} as const satisfies Record<Role, readonly Block['type'][]>;

const TEXT_FORM = 'Pass a string, or a list of {"type": "text", "text": "..."} blocks.';
const USE_FORM = 'A tool_use block is {"type": "tool_use", "id": "...", "name": "...", "input": {...}}.';
const RESULT_FORM = 'A tool_result block is {"type": "tool_result", "tool_use_id": "...", "content": "..."}.';

/** The blocks of a message's content; a string is one text block. */
export function readBlocks(content: unknown, role: Role, field: string): Block[] {
  const allowed = BLOCKS_OF[role];
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', field, text: content }];
  return readArray(content, field, TEXT_FORM).map((entry, i) => {
    const path = `${field}[${i}]`;
    const block = readObject(entry, path, TEXT_FORM);
    const type = allowed.find((one) => one === block['type']);
    switch (type) {
      case 'text':
        if (role !== 'assistant') refuseCitations(block['citations'], `${path}.citations`);
        return readText(block, path);
      case 'tool_use':
        return {
          type,
          field: path,
          id: readName(block['id'], `${path}.id`, USE_FORM),
          name: readName(block['name'], `${path}.name`, USE_FORM),
          input: readObject(block['input'], `${path}.input`, USE_FORM),
        };
      case 'tool_result':
        return {
          type,
          field: path,
          id: readName(block['tool_use_id'], `${path}.tool_use_id`, RESULT_FORM),
          content: readResult(block, path),
        };
      case undefined: {
        const remedy = `Content of the role ${role} is of type ${allowed.join(' or ')}.`;
        throw invalid(`${path}.type`, `is ${describe(block['type'])}, which is not supported here.`, remedy);
      }
    }
  });
}

/** Content that holds text alone. */
export function readTextBlocks(content: unknown, field: string): TextBlock[] {
  return readBlocks(content, 'system', field).filter((block) => block.type === 'text');
}

/** Chat templates cannot express `is_error`: the text has to say it, or a failure would read like a result. */
function readResult({ content, is_error: isError }: JsonObject, field: string): TextBlock[] {
  const blocks = isGiven(content) ? readTextBlocks(content, `${field}.content`) : [];
  if (readFlag(isError, `${field}.is_error`)) return asError(blocks, field);
  return blocks;
}

function asError([first, ...others]: readonly TextBlock[], field: string): TextBlock[] {
  if (!first) return [{ type: 'text', field, text: 'Error' }];
  return [{ ...first, text: `Error: ${first.text}` }, ...others];
}

/** As chat templates take it: the text, or parts where there are several. */
export function contentOf(blocks: readonly TextBlock[]): string | object[] {
  return blocks.length > 1 ? blocks.map(({ type, text }) => ({ type, text })) : (blocks[0]?.text ?? '');
}

/** The assistant's are sent back as they came, and say nothing to a model. */
function refuseCitations(citations: unknown, field: string): void {
  if (isGiven(citations) && !isEmptyList(citations)) throw invalid(field, 'is not supported.', 'Omit it.');
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function readText(block: JsonObject, field: string): TextBlock {
  const text = readString(block['text'], `${field}.text`, TEXT_FORM);
  if (text === '') throw invalid(`${field}.text`, 'is empty.', 'Omit the block.');
  return { type: 'text', field, text };
}

function readName(value: unknown, field: string, form: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw invalid(field, `is ${describe(value)}.`, form);
}
