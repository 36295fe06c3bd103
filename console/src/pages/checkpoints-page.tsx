import { type JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Badge, Card, Empty, Loaded, Page, Time } from '../components/basics.js';
import { Pager, Table } from '../components/table.js';
import { operatorRoutes, type OperatorSchemas } from '../lib/api.js';
import { bytes } from '../lib/format.js';
import { useSettled } from '../lib/live.js';
import { useResource } from '../lib/resource.js';
import { Link } from '../lib/router.js';

const PAGE = 30;

export function CheckpointsPage(): JSX.Element {
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const offset = Number(cursors.at(-1) ?? 0);
  const checkpoints = useResource(
    async (signal) => {
      const params = { query: { limit: PAGE, offset } };
      return (await operatorRoutes.GET('/api/v1/checkpoints', { params, signal })).data?.checkpoints ?? [];
    },
    [offset],
  );
  useSettled(({ kind }) => kind.startsWith('save') || kind.startsWith('delete'), checkpoints.reload, 800);
  return (
    <Page title="Checkpoints" note="Named copies of adapters that clients have saved.">
      <Card flush>
        <Loaded of={checkpoints}>
          {(rows) => (
            <>
              <Checkpoints rows={rows} />
              <Pager
                cursors={cursors}
                next={rows.length < PAGE ? null : String(offset + PAGE)}
                onCursors={setCursors}
              />
            </>
          )}
        </Loaded>
      </Card>
    </Page>
  );
}

function Checkpoints({ rows }: { readonly rows: readonly OperatorSchemas['TinkerCheckpointDto'][] }): JSX.Element {
  return (
    <Table
      label="Checkpoints"
      rows={rows}
      keyOf={(one) => one.tinker_path}
      empty={
        <Empty title="No checkpoints yet">
          <code>POST /save_weights</code> saves one.
        </Empty>
      }
      columns={[
        { name: 'Path', cell: (one) => <code class="name">{one.tinker_path}</code> },
        { name: 'Adapter', isMinor: true, cell: (one) => <AdapterLink path={one.tinker_path} /> },
        { name: 'Kind', cell: (one) => <Badge status={one.checkpoint_type} tone="neutral" /> },
        { name: 'Size', isNumber: true, cell: (one) => bytes(one.size_bytes) },
        { name: 'Saved', cell: (one) => <Time at={one.time} /> },
        {
          name: 'Expires',
          isMinor: true,
          cell: (one) => (one.expires_at ? <Time at={one.expires_at} /> : 'never'),
        },
      ]}
    />
  );
}

/** A path is tinker://<adapter>/<kind>/<name>. */
function AdapterLink({ path }: { readonly path: string }): JSX.Element {
  const name = decodeURIComponent(path.split('/')[2] ?? '');
  return (
    <Link class="name" to={`/adapters/${encodeURIComponent(name)}`}>
      {name}
    </Link>
  );
}
