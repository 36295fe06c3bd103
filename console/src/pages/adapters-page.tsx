import { type JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Badge, Card, Empty, Loaded, Page, Time } from '../components/basics.js';
import { TextField, useDelayed } from '../components/forms.js';
import { Pager, Table } from '../components/table.js';
import { routes, type Schemas } from '../lib/api.js';
import { plain } from '../lib/format.js';
import { useSettled } from '../lib/live.js';
import { useResource } from '../lib/resource.js';
import { Link, useQuery } from '../lib/router.js';

type Adapter = Schemas['AdapterDto'];

const PAGE = 25;
const MAX_COMPARED = 4;

export function AdaptersPage(): JSX.Element {
  const [search, setSearch] = useQuery('search');
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const wanted = useDelayed(search);
  const cursor = cursors.at(-1);
  const page = useResource(
    async (signal) => {
      const query = { limit: PAGE, ...(wanted !== '' && { search: wanted }), ...(cursor !== undefined && { cursor }) };
      return (await routes.GET('/adapters', { params: { query }, signal })).data;
    },
    [wanted, cursor],
  );
  useEffect(() => setCursors([]), [wanted]);
  useSettled(() => true, page.reload, 1500);
  return (
    <Page
      title="Adapters"
      actions={
        <>
          <TextField
            label="Search adapters"
            isSearch
            placeholder="Search by name"
            isBare
            value={search}
            onValue={setSearch}
          />
          {chosen.length > 1 && (
            <Link class="button primary" to={`/compare?adapters=${chosen.map(encodeURIComponent).join(',')}`}>
              Compare {chosen.length}
            </Link>
          )}
        </>
      }
    >
      <Card flush>
        <Loaded of={page}>
          {(data) => (
            <>
              <AdapterTable rows={data?.adapters ?? []} search={wanted} chosen={chosen} onChosen={setChosen} />
              <Pager cursors={cursors} next={data?.next_cursor ?? null} onCursors={setCursors} />
            </>
          )}
        </Loaded>
      </Card>
    </Page>
  );
}

interface TableProps {
  readonly rows: readonly Adapter[];
  readonly search: string;
  readonly chosen: readonly string[];
  readonly onChosen: (chosen: readonly string[]) => void;
}

function AdapterTable({ rows, search, chosen, onChosen }: TableProps): JSX.Element {
  const box = ({ model_id: name }: Adapter): JSX.Element => {
    const isChosen = chosen.includes(name);
    return (
      <input
        type="checkbox"
        aria-label={`Compare ${name}`}
        checked={isChosen}
        disabled={!isChosen && chosen.length >= MAX_COMPARED}
        onChange={() => onChosen(isChosen ? chosen.filter((one) => one !== name) : [...chosen, name])}
      />
    );
  };
  return (
    <Table
      label="Adapters"
      rows={rows}
      keyOf={(adapter) => adapter.model_id}
      empty={
        search === '' ? (
          <Empty title="No adapters yet">
            They are created by <code>POST /adapters</code>, by the first <code>POST /fwdbwd</code>, or by a fine-tuning
            job.
          </Empty>
        ) : (
          <Empty title={`No adapter has “${search}” in its name`} />
        )
      }
      columns={[
        { name: 'Compare', isTick: true, cell: box },
        {
          name: 'Name',
          cell: (adapter) => (
            <Link class="name" to={`/adapters/${encodeURIComponent(adapter.model_id)}`}>
              {adapter.model_id}
            </Link>
          ),
        },
        { name: 'State', cell: stateOf },
        { name: 'Step', isNumber: true, cell: ({ step }) => plain(step) },
        { name: 'Rank', isNumber: true, isMinor: true, cell: ({ rank }) => rank },
        { name: 'Base model', isMinor: true, cell: ({ base_model: base }) => <span class="name muted">{base}</span> },
        { name: 'Last used', cell: (adapter) => <Time at={adapter.last_used_at} /> },
      ]}
    />
  );
}

export function stateOf({ status, diverged_at_step: diverged }: Adapter): JSX.Element {
  return (
    <>
      <Badge status={status} />
      {diverged !== null && <Badge status="diverged" tone="bad" />}
    </>
  );
}
