import { type JSX } from 'preact';
import { Confirmation } from '../../components/confirmation.js';
import { DialogButton } from '../../components/forms.js';
import { routes, type Schemas } from '../../lib/api.js';
import { useRouter } from '../../lib/router.js';

interface ActionsProps {
  readonly of: Schemas['AliasWithHistoryDto'];
  readonly onChange: () => void;
}

export function AliasActions({ of, onChange }: ActionsProps): JSX.Element {
  const { go } = useRouter();
  const params = { path: { alias: of.name } };
  const before = of.history.find(({ version }) => version === of.previous_version);
  const rollBack = async (): Promise<void> => {
    await routes.POST('/aliases/{alias}/rollback', { params });
    onChange();
  };
  const remove = async (): Promise<void> => {
    await routes.DELETE('/aliases/{alias}', { params });
    go('/aliases');
  };
  return (
    <>
      <DialogButton
        label="Roll back"
        needs="train"
        refusal={before ? undefined : 'There is no earlier target.'}
        title={`Roll ${of.name} back`}
      >
        {(close) => (
          <Confirmation label="Roll back" act={rollBack} onDone={close}>
            It stands for <b class="name">{before?.target}</b> again, as in version {before?.version}, instead of{' '}
            <b class="name">{of.target}</b>. Requests that name it are answered by that from now on.
          </Confirmation>
        )}
      </DialogButton>
      <DialogButton label="Delete" tone="danger" needs="train" title={`Delete ${of.name}`}>
        {(close) => (
          <Confirmation label="Delete" isDangerous act={remove} onDone={close}>
            The alias and its history are deleted, and requests that name it fail. What it stands for stays.
          </Confirmation>
        )}
      </DialogButton>
    </>
  );
}
