import { type ComponentChildren, type JSX } from 'preact';
import { type Prompt } from '../lib/prompt.js';
import { TextArea, TextField } from './forms.js';
import { ActionButton } from './permission.js';

interface PromptFormProps {
  readonly of: Prompt;
  readonly onChange: (prompt: Prompt) => void;
  readonly isWriting: boolean;
  /** Starts, or stops what is being written. */
  readonly onRun: () => void;
  /** What is chosen beside the prompt. */
  readonly children: ComponentChildren;
}

export function PromptForm({ of, onChange, isWriting, onRun, children }: PromptFormProps): JSX.Element {
  const set = (name: keyof Prompt) => (value: string) => onChange({ ...of, [name]: value });
  const submit = (event: Event): void => {
    event.preventDefault();
    onRun();
  };
  return (
    <form class="stack" onSubmit={submit}>
      <div class="grid two">
        {children}
        <div class="grid three narrow">
          <TextField label="Temperature" inputMode="decimal" value={of.temperature} onValue={set('temperature')} />
          <TextField label="Tokens" inputMode="numeric" value={of.maxTokens} onValue={set('maxTokens')} />
          <TextField label="Seed" inputMode="numeric" placeholder="Random" value={of.seed} onValue={set('seed')} />
        </div>
      </div>
      <TextField label="System message" placeholder="None" value={of.system} onValue={set('system')} />
      <TextArea label="Message" value={of.message} onValue={set('message')} rows={3} onSubmit={onRun} />
      <div class="toolbar">
        <p class="faint">
          Ctrl + Enter sends it.
          {of.turns.length > 0 && ` The ${of.turns.length} messages before it in its conversation are sent as well.`}
        </p>
        <ActionButton needs="sample" tone="primary" isDisabled={of.message.trim() === ''}>
          {isWriting ? 'Stop' : 'Send'}
        </ActionButton>
      </div>
    </form>
  );
}
