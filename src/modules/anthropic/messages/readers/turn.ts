/* A conversation as Anthropic's API has it. */

export const ROLES = ['user', 'assistant', 'system'] as const;
export type Role = (typeof ROLES)[number];

export interface TextBlock {
  readonly type: 'text';
  /** Its path in the request. */
  readonly field: string;
  readonly text: string;
}

/** A call of a tool by the model. */
export interface ToolUseBlock {
  readonly type: 'tool_use';
  readonly field: string;
  readonly id: string;
  readonly name: string;
  readonly input: object;
}

/** What a call has given. */
export interface ToolResultBlock {
  readonly type: 'tool_result';
  readonly field: string;
  readonly id: string;
  readonly content: readonly TextBlock[];
}

export type Block = TextBlock | ToolUseBlock | ToolResultBlock;

/** Messages of one role that follow each other. */
export interface Turn {
  readonly role: Role;
  readonly blocks: readonly Block[];
}
