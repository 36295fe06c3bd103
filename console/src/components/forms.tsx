import { type ComponentChildren, type JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { ActionButton, type Scope } from './permission.js';

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly hint?: ComponentChildren;
}

interface InputProps extends FieldProps {
  readonly isSecret?: boolean;
  readonly isSearch?: boolean;
  readonly inputMode?: 'numeric' | 'decimal';
  readonly placeholder?: string;
  readonly autocomplete?: string;
  readonly required?: boolean;
  readonly autofocus?: boolean;
  /** The label is for screen readers alone; the placeholder says the same. */
  readonly isBare?: boolean;
}

export function TextField({
  label,
  value,
  onValue,
  hint,
  isBare,
  isSecret,
  isSearch,
  ...rest
}: InputProps): JSX.Element {
  const id = useId();
  const input = {
    ...rest,
    id,
    value,
    onInput: ({ currentTarget }: { currentTarget: HTMLInputElement }) => onValue(currentTarget.value),
  };
  return (
    <div class={isBare ? 'field bare' : 'field'}>
      <label for={id}>{label}</label>
      {isSecret ? (
        <input {...input} type="password" />
      ) : (
        <input {...input} type="text" {...(isSearch && { role: 'searchbox' })} />
      )}
      {hint && <p class="hint">{hint}</p>}
    </div>
  );
}

export function TextArea({
  label,
  value,
  onValue,
  hint,
  rows = 4,
  isCode = false,
  onSubmit,
}: FieldProps & {
  readonly rows?: number;
  readonly isCode?: boolean;
  /** Ctrl+Enter. */
  readonly onSubmit?: () => void;
}): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        rows={rows}
        class={isCode ? 'code' : ''}
        spellcheck={!isCode}
        value={value}
        onInput={({ currentTarget }) => onValue(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) onSubmit?.();
        }}
      />
      {hint && <p class="hint">{hint}</p>}
    </div>
  );
}

export function Select({
  label,
  value,
  onValue,
  options,
  isBare = false,
}: FieldProps & {
  readonly options: readonly (readonly [string, string])[];
  readonly isBare?: boolean;
}): JSX.Element {
  const id = useId();
  return (
    <div class={isBare ? 'field bare' : 'field'}>
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={({ currentTarget }) => onValue(currentTarget.value)}>
        {options.map(([name, text]) => (
          <option key={name} value={name}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}

/** A value that follows another one once that has been still for a moment, as for searches. */
export function useDelayed<T>(value: T, ms = 250): T {
  const [delayed, setDelayed] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setDelayed(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return delayed;
}

/** A button that opens a dialog over the page. */
export function DialogButton({
  label,
  title,
  tone = '',
  needs,
  refusal,
  children,
}: {
  readonly label: string;
  readonly title: string;
  readonly tone?: string;
  readonly needs?: Scope;
  /** Why this cannot be done at all. */
  readonly refusal?: string | undefined;
  readonly children: (close: () => void) => ComponentChildren;
}): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
  }, [isOpen]);
  return (
    <>
      <ActionButton needs={needs} refusal={refusal} tone={tone} onClick={() => setOpen(true)}>
        {label}
      </ActionButton>
      {isOpen && (
        <dialog ref={dialog} aria-labelledby={id} onClose={() => setOpen(false)}>
          <h2 id={id}>{title}</h2>
          {children(() => dialog.current?.close())}
        </dialog>
      )}
    </>
  );
}
