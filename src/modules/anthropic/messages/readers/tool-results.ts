import { invalid } from '../../../../common/json/json-fields.js';
import { type ToolResultBlock, type ToolUseBlock, type Turn } from './turn.js';

/**
 * Checks that the user's turn after calls of tools begins with one result of each, and that there are no other results.
 * Returns the names of the tools by the ids of their calls. @throws InvalidRequestError
 */
export function matchToolResults(turns: readonly Turn[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  turns.forEach(({ blocks }, i) => {
    const calls = blocks.filter((block) => block.type === 'tool_use');
    for (const { id, name, field } of calls) {
      if (names.has(id)) throw invalid(`${field}.id`, `is '${id}', like that of another call.`, 'Ids are unique.');
      names.set(id, name);
    }
    checkAnswers(calls, turns[i + 1]);
    checkResults(blocks, turns[i - 1]);
  });
  return names;
}

function checkAnswers(calls: readonly ToolUseBlock[], next: Turn | undefined): void {
  const answered = new Set(resultsOf(next).map(({ id }) => id));
  const open = calls.find(({ id }) => !answered.has(id));
  if (!open) return;
  const remedy = 'Begin the next message, of the user, with a tool_result for each tool_use.';
  throw invalid(open.field, `has no result: none has the tool_use_id '${open.id}'.`, remedy);
}

function checkResults(blocks: Turn['blocks'], previous: Turn | undefined): void {
  const open = new Set(previous?.blocks.flatMap((block) => (block.type === 'tool_use' ? block.id : [])));
  blocks.forEach((block, i) => {
    if (block.type !== 'tool_result') return;
    if (!open.delete(block.id)) {
      const problem = `is '${block.id}', which no tool_use of the message before has, or another result.`;
      throw invalid(`${block.field}.tool_use_id`, problem, 'Send one result for each tool_use, right after it.');
    }
    if (blocks[i - 1] && blocks[i - 1]?.type !== 'tool_result') {
      throw invalid(block.field, 'follows text.', 'Send tool_result blocks first in a message.');
    }
  });
}

function resultsOf(turn: Turn | undefined): readonly ToolResultBlock[] {
  return turn?.blocks.filter((block) => block.type === 'tool_result') ?? [];
}
