import { type JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Badge, Card, Empty, Loaded, Page, Time } from '../../components/basics.js';
import { Confirmation } from '../../components/confirmation.js';
import { DialogButton, Select, TextField, useDelayed } from '../../components/forms.js';
import { ScopeNotice } from '../../components/permission.js';
import { Pager, Table } from '../../components/table.js';
import { pathOf, routes, type Schemas } from '../../lib/api.js';
import { bytes } from '../../lib/format.js';
import { useResource } from '../../lib/resource.js';
import { useQuery } from '../../lib/router.js';
import { Uploads } from './uploads.js';

type File = Schemas['FileDto'];

const PAGE = 25;
const PURPOSES: readonly (readonly [string, string])[] = [
  ['', 'All purposes'],
  ['fine-tune', 'Training data'],
  ['fine-tune-results', 'Results'],
];

export function FilesPage(): JSX.Element {
  const [search, setSearch] = useQuery('search');
  const [purpose, setPurpose] = useQuery('purpose');
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const wanted = useDelayed(search);
  const after = cursors.at(-1);
  const files = useResource(
    async (signal) => {
      const filter = { ...(wanted !== '' && { search: wanted }), ...(purpose !== '' && { purpose }) };
      const query = { limit: PAGE, ...filter, ...(after !== undefined && { after }) };
      return (await routes.GET('/v1/files', { params: { query }, signal })).data;
    },
    [wanted, purpose, after],
  );
  useEffect(() => setCursors([]), [wanted, purpose]);
  return (
    <Page
      title="Files"
      note="Training data, checked row by row when it is uploaded, and results of jobs."
      actions={
        <>
          <TextField
            label="Search files"
            placeholder="Search by name"
            isBare
            isSearch
            value={search}
            onValue={setSearch}
          />
          <Select label="Purpose" isBare value={purpose} onValue={setPurpose} options={PURPOSES} />
        </>
      }
    >
      <ScopeNotice needs="train">Files can be looked at and downloaded, but not uploaded or deleted.</ScopeNotice>
      <Uploads onUploaded={files.reload} />
      <Card flush>
        <Loaded of={files}>
          {(data) => (
            <>
              <FileTable rows={data?.data ?? []} isFiltered={wanted !== '' || purpose !== ''} onChange={files.reload} />
              <Pager cursors={cursors} next={data?.has_more ? data.last_id : null} onCursors={setCursors} />
            </>
          )}
        </Loaded>
      </Card>
    </Page>
  );
}

interface TableProps {
  readonly rows: readonly File[];
  readonly isFiltered: boolean;
  readonly onChange: () => void;
}

function FileTable({ rows, isFiltered, onChange }: TableProps): JSX.Element {
  return (
    <Table
      label="Files"
      rows={rows}
      keyOf={({ id }) => id}
      empty={
        isFiltered ? (
          <Empty title="No such files" />
        ) : (
          <Empty title="No files yet">
            <code>thinker train chats.jsonl</code> and <code>POST /v1/files</code> upload some as well.
          </Empty>
        )
      }
      columns={[
        { name: 'Name', cell: (file) => <span class="name">{file.filename}</span> },
        { name: 'Size', isNumber: true, cell: (file) => bytes(file.bytes) },
        { name: 'Purpose', isMinor: true, cell: ({ purpose }) => PURPOSES.find(([id]) => id === purpose)?.[1] },
        { name: 'Status', isMinor: true, cell: ({ status }) => <Badge status={status} /> },
        { name: 'Id', isMinor: true, cell: ({ id }) => <code class="digest">{id}</code> },
        { name: 'Created', isMinor: true, cell: (file) => <Time at={file.created_at * 1000} /> },
        {
          name: 'Expires',
          isMinor: true,
          cell: ({ expires_at: at }) => (at === null ? 'never' : <Time at={at * 1000} />),
        },
        { name: 'Actions', isTick: true, cell: (file) => <FileActions of={file} onChange={onChange} /> },
      ]}
    />
  );
}

function FileActions({ of, onChange }: { readonly of: File; readonly onChange: () => void }): JSX.Element {
  const remove = async (): Promise<void> => {
    await routes.DELETE('/v1/files/{file_id}', { params: { path: { file_id: of.id } } });
    onChange();
  };
  return (
    <span class="row-actions">
      <a class="button small" href={pathOf('v1', 'files', of.id, 'content')} download={of.filename}>
        Download
      </a>
      <DialogButton label="Delete" tone="small danger" needs="train" title={`Delete ${of.filename}`}>
        {(close) => (
          <Confirmation label="Delete" isDangerous act={remove} onDone={close}>
            The file is gone for good. Jobs that still train on it fail; adapters that were trained on it stay.
          </Confirmation>
        )}
      </DialogButton>
    </span>
  );
}
