import { type JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Problem } from '../../components/basics.js';
import { DialogButton, Select } from '../../components/forms.js';
import { pathOf, routes } from '../../lib/api.js';
import { useAction } from '../../lib/resource.js';
import { useRouter } from '../../lib/router.js';

const FORMATS = [
  ['peft', 'PEFT adapter (safetensors)'],
  ['merged', 'Merged model (safetensors)'],
  ['gguf', 'Merged model (GGUF)'],
  ['gguf-adapter', 'LoRA adapter (GGUF)'],
] as const;

export function AdapterActions({ name }: { readonly name: string }): JSX.Element {
  return (
    <>
      <DialogButton label="Export" title={`Export ${name}`}>
        {(close) => <Export name={name} onDone={close} />}
      </DialogButton>
      <DialogButton label="Delete" tone="danger" title={`Delete ${name}`}>
        {(close) => <Delete name={name} onDone={close} />}
      </DialogButton>
    </>
  );
}

interface ActionProps {
  readonly name: string;
  readonly onDone: () => void;
}

function Export({ name, onDone }: ActionProps): JSX.Element {
  const [format, setFormat] = useState('peft');
  return (
    <>
      <p>A tar archive of the adapter after everything that was sent before.</p>
      <Select label="Format" value={format} onValue={setFormat} options={FORMATS} />
      <div class="dialog-actions">
        <button type="button" onClick={onDone}>
          Cancel
        </button>
        <a class="button primary" href={`${pathOf('adapters', name, 'export')}?format=${format}`} download>
          Download
        </a>
      </div>
    </>
  );
}

function Delete({ name, onDone }: ActionProps): JSX.Element {
  const { go } = useRouter();
  const { run, isRunning, error } = useAction(async () => {
    await routes.DELETE('/adapters/{model_id}', { params: { path: { model_id: name } } });
    onDone();
    go('/adapters');
  });
  return (
    <>
      <p>Its weights, its history and its checkpoints are deleted, and operations that wait are cancelled.</p>
      <Problem error={error} />
      <div class="dialog-actions">
        <button type="button" onClick={onDone}>
          Cancel
        </button>
        <button type="button" class="primary danger" disabled={isRunning} onClick={() => run()}>
          Delete
        </button>
      </div>
    </>
  );
}
