import { type ComponentChildren, type JSX } from 'preact';
import { useAction } from '../lib/resource.js';
import { Problem } from './basics.js';

interface ConfirmationProps {
  /** What will have happened. */
  readonly children: ComponentChildren;
  readonly label: string;
  readonly isDangerous?: boolean;
  readonly act: () => Promise<unknown>;
  readonly onDone: () => void;
}

/** The contents of a dialog that asks before it acts; it stays open with the reason when that fails. */
export function Confirmation({ children, label, isDangerous = false, act, onDone }: ConfirmationProps): JSX.Element {
  const { run, isRunning, error } = useAction(async () => {
    await act();
    onDone();
  });
  return (
    <>
      <p>{children}</p>
      <Problem error={error} />
      <div class="dialog-actions">
        <button type="button" onClick={onDone}>
          Cancel
        </button>
        <button type="button" class={isDangerous ? 'primary danger' : 'primary'} disabled={isRunning} onClick={run}>
          {label}
        </button>
      </div>
    </>
  );
}
