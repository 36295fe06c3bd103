import { type JSX } from 'preact';
import { Badge, Card, Empty, Loaded, Time } from '../../components/basics.js';
import { Table } from '../../components/table.js';
import { routes } from '../../lib/api.js';
import { bytes, plain } from '../../lib/format.js';
import { useSettled } from '../../lib/live.js';
import { useResource } from '../../lib/resource.js';

export function AdapterCheckpoints({ name }: { readonly name: string }): JSX.Element {
  const checkpoints = useResource(
    async (signal) => {
      const params = { path: { model_id: name } };
      return (await routes.GET('/adapters/{model_id}/checkpoints', { params, signal })).data;
    },
    [name],
  );
  useSettled(({ model_id: id, kind }) => id === name && kind.startsWith('save'), checkpoints.reload);
  return (
    <Card flush>
      <Loaded of={checkpoints}>
        {(data) => (
          <Table
            label="Checkpoints"
            rows={data?.checkpoints ?? []}
            keyOf={(one) => one.path}
            empty={
              <Empty title="No checkpoints">
                <code>POST /save_weights</code> saves one.
              </Empty>
            }
            columns={[
              { name: 'Name', cell: (one) => <span class="name">{one.name}</span> },
              { name: 'Kind', cell: (one) => <Badge status={one.kind} tone="neutral" /> },
              { name: 'Step', isNumber: true, cell: (one) => plain(one.step) },
              { name: 'Size', isNumber: true, cell: (one) => bytes(one.size_bytes) },
              { name: 'Path', isMinor: true, cell: (one) => <code class="digest">{one.path}</code> },
              { name: 'Created', cell: (one) => <Time at={one.created_at} /> },
              {
                name: 'Expires',
                isMinor: true,
                cell: (one) => (one.expires_at ? <Time at={one.expires_at} /> : 'never'),
              },
            ]}
          />
        )}
      </Loaded>
    </Card>
  );
}
