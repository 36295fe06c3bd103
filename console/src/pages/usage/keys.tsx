import { type JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Badge, Card, Empty, Loaded, Problem, Time } from '../../components/basics.js';
import { Confirmation } from '../../components/confirmation.js';
import { DialogButton, TextField } from '../../components/forms.js';
import { Table } from '../../components/table.js';
import { operatorRoutes, type OperatorSchemas } from '../../lib/api.js';
import { bytes } from '../../lib/format.js';
import { useAction, useResource } from '../../lib/resource.js';

type Key = OperatorSchemas['KeyDto'];

const PAGE = 100;

/** The keys of all clients, for operators. */
export function Keys(): JSX.Element {
  const keys = useResource(loadKeys, []);
  return (
    <Card
      title="API keys"
      aside={
        <DialogButton label="New key" tone="small" title="New API key">
          {(close) => <NewKey onDone={close} onChange={keys.reload} />}
        </DialogButton>
      }
      flush
    >
      <Loaded of={keys}>
        {(rows) => (
          <Table
            label="API keys"
            rows={rows}
            keyOf={({ id }) => id}
            empty={<Empty title="No keys besides those in the settings of the server" />}
            columns={[
              { name: 'Name', cell: ({ name }) => name },
              {
                name: 'Status',
                cell: ({ status }) => <Badge status={status} tone={status === 'active' ? 'good' : 'warn'} />,
              },
              { name: 'Scopes', cell: ({ scopes }) => scopes.join(', ') },
              { name: 'Id', isMinor: true, cell: ({ id }) => <code>{id}</code> },
              { name: 'Stored', cell: ({ stored }) => bytes(stored) },
              { name: 'Last used', cell: (key) => <Time at={key.last_used_at} /> },
              {
                name: 'Revoke',
                cell: (key) => key.status === 'active' && <RevokeButton of={key} onChange={keys.reload} />,
              },
            ]}
          />
        )}
      </Loaded>
    </Card>
  );
}

/** Keys with the bytes that each stores. */
async function loadKeys(signal: AbortSignal) {
  const [keys, owners] = await Promise.all([
    operatorRoutes.GET('/admin/keys', { params: { query: { limit: PAGE } }, signal }),
    operatorRoutes.GET('/admin/owners', { signal }),
  ]);
  const stored = new Map(owners.data?.owners.map((one) => [one.owner, one.stored_bytes]));
  return (keys.data?.keys ?? []).map((key) => ({ ...key, stored: stored.get(key.id) ?? 0 }));
}

interface ChangeProps {
  readonly onDone: () => void;
  readonly onChange: () => void;
}

function NewKey({ onDone, onChange }: ChangeProps): JSX.Element {
  const [name, setName] = useState('');
  const [secret, setSecret] = useState<string>();
  const { run, isRunning, error } = useAction(async () => {
    const { data } = await operatorRoutes.POST('/admin/keys', { body: { name } });
    setSecret(data?.secret);
    onChange();
  });
  if (secret !== undefined) {
    return (
      <>
        <p>Keep this key: it is shown once.</p>
        <code class="secret">{secret}</code>
        <div class="dialog-actions">
          <button type="button" class="primary" onClick={onDone}>
            Done
          </button>
        </div>
      </>
    );
  }
  return (
    <>
      <TextField label="Name" placeholder="alice" value={name} onValue={setName} />
      <Problem error={error} />
      <div class="dialog-actions">
        <button type="button" onClick={onDone}>
          Cancel
        </button>
        <button type="button" class="primary" disabled={isRunning || name.trim() === ''} onClick={() => run()}>
          Create
        </button>
      </div>
    </>
  );
}

function RevokeButton({ of, onChange }: { readonly of: Key; readonly onChange: () => void }): JSX.Element {
  const revoke = async (): Promise<void> => {
    await operatorRoutes.DELETE('/admin/keys/{key_id}', { params: { path: { key_id: of.id } } });
    onChange();
  };
  return (
    <DialogButton label="Revoke" tone="small danger" title={`Revoke ${of.name}`}>
      {(close) => (
        <Confirmation label="Revoke" isDangerous act={revoke} onDone={close}>
          Requests with this key are refused from now on, and its sessions end. What it has made stays.
        </Confirmation>
      )}
    </DialogButton>
  );
}
