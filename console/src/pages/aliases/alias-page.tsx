import { type JSX } from 'preact';
import { Card, Fields, Loaded, Page, Time } from '../../components/basics.js';
import { ScopeNotice } from '../../components/permission.js';
import { Table } from '../../components/table.js';
import { routes, type Schemas } from '../../lib/api.js';
import { counted, precise } from '../../lib/format.js';
import { useSettled } from '../../lib/live.js';
import { useResource } from '../../lib/resource.js';
import { AliasActions } from './alias-actions.js';
import { Change } from './aliases-page.js';
import { Target } from './target.js';

type Alias = Schemas['AliasWithHistoryDto'];
type Version = Schemas['AliasVersionDto'];

const FOLLOW_MS = 2000;

export function AliasPage({ name }: { readonly name: string }): JSX.Element {
  const path = { alias: name };
  const alias = useResource(
    async (signal) => (await routes.GET('/aliases/{alias}', { params: { path }, signal })).data,
    [name],
  );
  useSettled(() => true, alias.reload, FOLLOW_MS);
  return (
    <Page
      title={name}
      parent={{ to: '/aliases', label: 'Aliases' }}
      actions={alias.data && <AliasActions of={alias.data} onChange={alias.reload} />}
    >
      <ScopeNotice needs="train">The alias can be looked at, but not changed.</ScopeNotice>
      <Loaded of={alias}>
        {(data) =>
          data && (
            <>
              <Facts of={data} />
              <History of={data.history} />
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

function Facts({ of: alias }: { readonly of: Alias }): JSX.Element {
  return (
    <Card>
      <Fields
        of={[
          ['Stands for', <Target of={alias} />],
          ['Base model', <span class="name">{alias.base_model}</span>],
          ['Version', alias.version],
          ['Changed', <Time at={alias.created_at} />],
        ]}
      />
    </Card>
  );
}

function History({ of }: { readonly of: readonly Version[] }): JSX.Element {
  return (
    <Card title="History" flush>
      <Table
        label="History"
        rows={of}
        keyOf={({ version }) => String(version)}
        empty={null}
        columns={[
          { name: 'Version', isNumber: true, cell: ({ version }) => version },
          { name: 'Change', cell: ({ change }) => <Change of={change} /> },
          { name: 'Target', cell: (version) => <Target of={version} /> },
          { name: 'Loss', isNumber: true, cell: ({ eval: found }) => (found ? precise(found.loss) : '–') },
          { name: 'Loss before', isNumber: true, cell: ({ eval: found }) => found && precise(found.current_loss) },
          { name: 'Tolerance', isNumber: true, isMinor: true, cell: ({ eval: found }) => found?.tolerance },
          { name: 'Evaluated on', isMinor: true, cell: ({ eval: found }) => found && <Evaluated on={found} /> },
          { name: 'When', cell: (version) => <Time at={version.created_at} /> },
        ]}
      />
    </Card>
  );
}

function Evaluated({ on }: { readonly on: Schemas['AliasEvaluationDto'] }): JSX.Element {
  return (
    <>
      {counted(on.rows, 'row')}, {counted(on.tokens, 'token')} <code class="digest">{on.file}</code>
    </>
  );
}
