import { type EntityManager, type EntitySubscriberInterface, EventSubscriber, type QueryRunner } from 'typeorm';

/**
 * Work that must not happen before a transaction is committed (waking the queue for a row that others cannot see yet
 * would lose the wake-up). Belongs to the connection that holds the transaction; dropped on rollback.
 */
type Action = () => void;

const actionsOf = new WeakMap<QueryRunner, Action[]>();

/** Runs `action` when the manager's transaction has been committed; at once when it is in none. */
export function afterCommit(manager: EntityManager, action: Action): void {
  const runner = manager.queryRunner;
  if (runner?.isTransactionActive !== true) {
    action();
    return;
  }
  const actions = actionsOf.get(runner);
  if (actions === undefined) actionsOf.set(runner, [action]);
  else actions.push(action);
}

/** Runs, or forgets, what afterCommit has put aside. */
@EventSubscriber()
export class AfterCommitSubscriber implements EntitySubscriberInterface {
  afterTransactionCommit(event: { queryRunner: QueryRunner }): void {
    for (const action of take(event.queryRunner)) action();
  }

  afterTransactionRollback(event: { queryRunner: QueryRunner }): void {
    take(event.queryRunner);
  }
}

/** The actions that are due: none while an outer transaction is still open (only a savepoint has ended). */
function take(runner: QueryRunner): Action[] {
  if (runner.isTransactionActive) return [];
  const actions = actionsOf.get(runner) ?? [];
  actionsOf.delete(runner);
  return actions;
}
