import { type JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Confirmation } from '../../components/confirmation.js';
import { DialogButton, Select } from '../../components/forms.js';
import { pathOf, routes } from '../../lib/api.js';
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
      <DialogButton label="Delete" tone="danger" needs="train" title={`Delete ${name}`}>
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
  const remove = async (): Promise<void> => {
    await routes.DELETE('/adapters/{model_id}', { params: { path: { model_id: name } } });
    go('/adapters');
  };
  return (
    <Confirmation label="Delete" isDangerous act={remove} onDone={onDone}>
      Its weights, its history and its checkpoints are deleted, and operations that wait are cancelled.
    </Confirmation>
  );
}
