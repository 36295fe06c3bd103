import { type JSX } from 'preact';
import { Badge, Card, Empty, Loaded, Page, Time } from '../../components/basics.js';
import { Table } from '../../components/table.js';
import { routes } from '../../lib/api.js';
import { precise } from '../../lib/format.js';
import { useSettled } from '../../lib/live.js';
import { useResource } from '../../lib/resource.js';
import { Link } from '../../lib/router.js';
import { Target } from './target.js';

/** Promotions score answers, and the alias follows soon after the last of them. */
const FOLLOW_MS = 2000;

export function AliasesPage(): JSX.Element {
  const aliases = useResource(async (signal) => (await routes.GET('/aliases', { signal })).data?.aliases ?? [], []);
  useSettled(() => true, aliases.reload, FOLLOW_MS);
  return (
    <Page title="Aliases" note="Names to sample from. What each stands for can be replaced, promoted and rolled back.">
      <Card flush>
        <Loaded of={aliases}>
          {(rows) => (
            <Table
              label="Aliases"
              rows={rows}
              keyOf={({ name }) => name}
              empty={
                <Empty title="No aliases yet">
                  <code>PUT /aliases/my-alias</code> makes one.
                </Empty>
              }
              columns={[
                {
                  name: 'Alias',
                  cell: ({ name }) => (
                    <Link class="name" to={`/aliases/${encodeURIComponent(name)}`}>
                      {name}
                    </Link>
                  ),
                },
                { name: 'Stands for', cell: (alias) => <Target of={alias} /> },
                { name: 'Version', isNumber: true, isMinor: true, cell: ({ version }) => version },
                { name: 'Change', cell: ({ change }) => <Change of={change} /> },
                {
                  name: 'Loss',
                  isNumber: true,
                  isMinor: true,
                  cell: ({ eval: found }) => (found ? precise(found.loss) : '–'),
                },
                { name: 'Base model', isMinor: true, cell: (one) => <span class="name muted">{one.base_model}</span> },
                { name: 'Changed', cell: (alias) => <Time at={alias.created_at} /> },
              ]}
            />
          )}
        </Loaded>
      </Card>
    </Page>
  );
}

const TONES = { set: 'neutral', promoted: 'good', rolled_back: 'warn' } as const;

export function Change({ of }: { readonly of: keyof typeof TONES }): JSX.Element {
  return <Badge status={of} tone={TONES[of]} />;
}
