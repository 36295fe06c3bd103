import { type JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Badge, Card, Empty, Loaded, Page, Time } from '../../components/basics.js';
import { Select, TextField, useDelayed } from '../../components/forms.js';
import { Pager, Table } from '../../components/table.js';
import { routes, type Schemas } from '../../lib/api.js';
import { seconds, words } from '../../lib/format.js';
import { useSettled } from '../../lib/live.js';
import { useResource } from '../../lib/resource.js';
import { Link, useQuery } from '../../lib/router.js';

type Operation = Schemas['FutureDto'];

const PAGE = 30;
const STATUSES: readonly Operation['status'][] = ['pending', 'running', 'completed', 'failed'];
const KINDS: readonly Operation['kind'][] = [
  'create_adapter',
  'forward',
  'forward_backward',
  'optim_step',
  'generate',
  'save_weights',
  'load_weights',
  'rewind_adapter',
  'delete_adapter',
];
const choices = (all: string, names: readonly string[]) =>
  [['', all], ...names.map((name) => [name, words(name)] as const)] as const;

export function OperationsPage(): JSX.Element {
  const [status, setStatus] = useQuery('status');
  const [kind, setKind] = useQuery('kind');
  const [model, setModel] = useQuery('model');
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const wanted = useDelayed(model.trim());
  const cursor = cursors.at(-1);
  const page = useResource(
    async (signal) => {
      const query = {
        limit: PAGE,
        ...(status !== '' && { status: status as Operation['status'] }),
        ...(kind !== '' && { kind: kind as Operation['kind'] }),
        ...(wanted !== '' && { model_id: wanted }),
        ...(cursor !== undefined && { cursor: Number(cursor) }),
      };
      return (await routes.GET('/futures', { params: { query }, signal })).data;
    },
    [status, kind, wanted, cursor],
  );
  useEffect(() => setCursors([]), [status, kind, wanted]);
  useSettled(() => cursor === undefined, page.reload, 1000);
  return (
    <Page
      title="Operations"
      actions={
        <>
          <TextField label="Model" placeholder="Model" isBare isSearch value={model} onValue={setModel} />
          <Select label="Kind" isBare value={kind} onValue={setKind} options={choices('All kinds', KINDS)} />
          <Select label="Status" isBare value={status} onValue={setStatus} options={choices('Any status', STATUSES)} />
        </>
      }
    >
      <Card flush>
        <Loaded of={page}>
          {(data) => (
            <>
              <OperationTable rows={data?.futures ?? []} />
              <Pager cursors={cursors} next={data?.next_cursor?.toString() ?? null} onCursors={setCursors} />
            </>
          )}
        </Loaded>
      </Card>
    </Page>
  );
}

function OperationTable({ rows }: { readonly rows: readonly Operation[] }): JSX.Element {
  return (
    <Table
      label="Operations"
      rows={rows}
      keyOf={(one) => one.request_id}
      empty={<Empty title="No such operations" />}
      columns={[
        { name: 'Operation', cell: (one) => <Link to={`/operations/${one.request_id}`}>{words(one.kind)}</Link> },
        { name: 'Model', cell: (one) => <span class="name">{one.model_id}</span> },
        { name: 'Status', cell: (one) => <StatusOf of={one} /> },
        { name: 'Waited', isNumber: true, isMinor: true, cell: (one) => lasted(one.created_at, one.started_at) },
        { name: 'Ran', isNumber: true, cell: (one) => lasted(one.started_at, one.finished_at) },
        { name: 'Position', isNumber: true, isMinor: true, cell: (one) => one.position },
        { name: 'Accepted', cell: (one) => <Time at={one.created_at} /> },
      ]}
    />
  );
}

function StatusOf({ of: { status, error } }: { readonly of: Operation }): JSX.Element {
  return (
    <span title={error?.message}>
      {<Badge status={error === null ? status : error.code} tone={error ? 'bad' : undefined} />}
    </span>
  );
}

/** How long it took from one moment to another; empty while one of them is to come. */
function lasted(from: string | null, to: string | null): string {
  return from === null || to === null ? '' : seconds(Math.max(0, Date.parse(to) - Date.parse(from)) / 1000);
}
