import { type ComponentChildren, type JSX } from 'preact';

export interface Column<T> {
  readonly name: string;
  readonly cell: (row: T) => ComponentChildren;
  /** Numbers stand at the right edge. */
  readonly isNumber?: boolean;
  /** As narrow as its cells; the name is for screen readers alone. */
  readonly isTick?: boolean;
  /** Left out where there is little room. */
  readonly isMinor?: boolean;
}

interface TableProps<T> {
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  readonly empty: ComponentChildren;
}

export function Table<T>({ label, columns, rows, keyOf, empty }: TableProps<T>): JSX.Element {
  if (rows.length === 0) return <>{empty}</>;
  return (
    <div class="table-scroll" role="region" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.name} scope="col" class={classOf(column)}>
                {column.isTick ? <span class="unseen">{column.name}</span> : column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column) => (
                <td key={column.name} class={classOf(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function classOf<T>({ isNumber, isMinor, isTick }: Column<T>): string {
  return [isNumber && 'num', isMinor && 'minor', isTick && 'tick'].filter(Boolean).join(' ');
}

/** Pages of a list that is read from the newest entry on. */
export function Pager({
  cursors,
  next,
  onCursors,
}: {
  /** Of the pages gone through, the present one last; empty on the first. */
  readonly cursors: readonly string[];
  readonly next: string | null;
  readonly onCursors: (cursors: readonly string[]) => void;
}): JSX.Element | null {
  if (cursors.length === 0 && next === null) return null;
  return (
    <nav class="pager" aria-label="Pages of the list">
      <button type="button" disabled={cursors.length === 0} onClick={() => onCursors(cursors.slice(0, -1))}>
        Newer
      </button>
      <span class="faint">Page {cursors.length + 1}</span>
      <button type="button" disabled={next === null} onClick={() => onCursors([...cursors, next ?? ''])}>
        Older
      </button>
    </nav>
  );
}
