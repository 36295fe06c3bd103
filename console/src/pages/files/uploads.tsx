import { type JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Card, Problem } from '../../components/basics.js';
import { ActionButton, useRefusal } from '../../components/permission.js';
import { bytes } from '../../lib/format.js';
import { upload } from '../../lib/upload.js';

interface Chosen {
  readonly id: number;
  readonly file: File;
}

/** Where files are dropped or chosen, and those that are on their way. */
export function Uploads({ onUploaded }: { readonly onUploaded: () => void }): JSX.Element {
  const [chosen, setChosen] = useState<readonly Chosen[]>([]);
  const [last, setLast] = useState<string>();
  const count = useRef(0);
  const add = (files: FileList | null): void => {
    const added = [...(files ?? [])].map((file) => ({ id: count.current++, file }));
    setChosen((before) => [...before, ...added]);
  };
  const remove = (id: number): void => setChosen((before) => before.filter((one) => one.id !== id));
  return (
    <Card>
      <DropZone onFiles={add} />
      {chosen.map(({ id, file }) => (
        <UploadRow
          key={id}
          file={file}
          onEnd={() => remove(id)}
          onUploaded={() => {
            remove(id);
            setLast(file.name);
            onUploaded();
          }}
        />
      ))}
      <p class="upload-note faint" role="status">
        {last !== undefined && `${last} is uploaded, and every row of it can be read.`}
      </p>
    </Card>
  );
}

function DropZone({ onFiles }: { readonly onFiles: (files: FileList | null) => void }): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setOver] = useState(false);
  const refusal = useRefusal('train');
  const take = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    if (refusal === undefined) onFiles(event.dataTransfer?.files ?? null);
  };
  const follow = (event: DragEvent): void => {
    event.preventDefault();
    setOver(event.type === 'dragover' && refusal === undefined);
  };
  return (
    <div class={isOver ? 'drop over' : 'drop'} onDragOver={follow} onDragLeave={follow} onDrop={take}>
      <p>Drop training data here, or choose it: JSONL, CSV or Parquet.</p>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        aria-label="Training data"
        onChange={({ currentTarget }) => {
          onFiles(currentTarget.files);
          // The same file may be chosen again once it is corrected.
          currentTarget.value = '';
        }}
      />
      <ActionButton needs="train" tone="primary" onClick={() => input.current?.click()}>
        Choose files
      </ActionButton>
    </div>
  );
}

interface RowProps {
  readonly file: File;
  readonly onUploaded: () => void;
  readonly onEnd: () => void;
}

/** Uploads its file while it is shown. */
function UploadRow({ file, onUploaded, onEnd }: RowProps): JSX.Element {
  const [share, setShare] = useState(0);
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    const controller = new AbortController();
    upload(file, { onProgress: setShare, signal: controller.signal }).then(onUploaded, setError);
    return () => controller.abort();
  }, []);
  const state = share < 1 ? `${Math.floor(share * 100)} % of ${bytes(file.size)}` : 'The rows are being checked';
  return (
    <div class="upload">
      <div class="upload-line">
        <span class="name">{file.name}</span>
        {error === undefined && (
          <>
            <progress aria-label={`Upload of ${file.name}`} max={1} value={share} />
            <span class="faint">{state}</span>
          </>
        )}
        <button type="button" class="small" onClick={onEnd}>
          {error === undefined ? 'Cancel' : 'Dismiss'}
        </button>
      </div>
      <Problem error={error} />
    </div>
  );
}
