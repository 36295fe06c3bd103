/**
 * Which folder may name which SQL table. Imports show who knows whom in code; a statement can join any table, and passes
 * the walls unseen. Each table has an owner, whose repositories it belongs to; any other folder needs a reason, which is
 * nearly always that one statement is one transaction.
 */
const HAND_OVER = 'operators hand everything of one key over to another, in one transaction';

export const TABLES = {
  futures: {
    owner: 'src/modules/futures',
    others: {
      'src/modules/dispatch': 'taking a lease puts back what the last holder left running',
      'src/modules/workers': 'operators see how many operations a worker runs',
      'src/modules/adapters':
        'a row stays while operations refer to it; snapshots are told from those of failed operations',
      'src/modules/adapter-state': 'a folder is not an orphan while the operation that writes it runs',
      'src/modules/captures':
        'a result is copied from the log by one statement, also when nobody waits for it any more',
      'src/modules/keys': HAND_OVER,
    },
  },
  adapters: {
    owner: 'src/modules/adapters',
    others: {
      'src/modules/futures':
        "claims and results are guarded by the lease in the adapter's row, which shows their effect",
      'src/modules/dispatch': 'the columns worker_id and lease are written by LeaseRepository alone',
      'src/modules/workers': 'operators see how many adapters a worker holds',
      'src/modules/adapter-state': 'a folder written under an outdated lease is an orphan',
      'src/modules/checkpoints': 'a checkpoint is recorded only while its lease holds; sizes are summed by session',
      'src/modules/keys': HAND_OVER,
    },
  },
  adapter_snapshots: {
    owner: 'src/modules/adapters',
    others: {
      'src/modules/futures': 'operations are kept as long as the oldest snapshot needs them',
      'src/modules/adapter-state': 'a folder is an orphan when no row names it',
      'src/modules/keys': 'what a key stores is added up by one statement',
    },
  },
  checkpoints: {
    owner: 'src/modules/checkpoints',
    others: {
      'src/modules/adapters': 'the row of a deleted adapter stays while files of checkpoints are left',
      'src/modules/adapter-state': 'a folder is an orphan when no row names it',
      'src/modules/keys': HAND_OVER,
    },
  },
  checkpoint_events: { owner: 'src/modules/checkpoints', others: { 'src/modules/keys': HAND_OVER } },
  public_paths: { owner: 'src/modules/checkpoints', others: { 'src/modules/keys': HAND_OVER } },
  sessions: {
    owner: 'src/modules/sessions',
    others: {
      'src/modules/adapters': 'pages of adapters are filtered by the project of their session',
      'src/modules/keys': HAND_OVER,
    },
  },
  sampling_sessions: {
    owner: 'src/modules/sessions',
    others: {
      'src/modules/futures': "settled samples are numbered under the lock of their session's row",
      'src/modules/keys': HAND_OVER,
    },
  },
  usage_hours: {
    owner: 'src/modules/usage',
    others: {
      'src/modules/futures': 'tokens are counted by the statement that settles the request',
      'src/modules/keys': HAND_OVER,
    },
  },
  workers: {
    owner: 'src/modules/workers',
    others: {
      'src/modules/dispatch': "each worker writes its own row; a lease is free when its holder's row is silent",
    },
  },
  queue_pauses: {
    owner: 'src/modules/workers',
    others: { 'src/modules/dispatch': 'a worker learns of the pause with the statement that says that it lives' },
  },
  alias_versions: {
    owner: 'src/modules/aliases',
    others: {
      'src/modules/adapters': 'a name is an adapter or an alias, which one transaction decides',
      'src/modules/keys': HAND_OVER,
    },
  },
  capture_settings: { owner: 'src/modules/captures', others: { 'src/modules/keys': HAND_OVER } },
  captures: { owner: 'src/modules/captures', others: { 'src/modules/keys': HAND_OVER } },
  capture_feedback: { owner: 'src/modules/captures', others: {} },
  files: { owner: 'src/modules/files', others: { 'src/modules/keys': HAND_OVER } },
  loss_functions: { owner: 'src/modules/losses', others: { 'src/modules/keys': HAND_OVER } },
  fine_tuning_jobs: {
    owner: 'src/modules/fine-tuning',
    others: {
      'src/modules/futures': 'requests are kept as long as an unfinished job may send them again',
      'src/modules/adapters': 'an idle adapter is kept while an unfinished job trains it',
      'src/modules/keys': HAND_OVER,
    },
  },
  fine_tuning_events: { owner: 'src/modules/fine-tuning', others: {} },
  fine_tuning_checkpoints: { owner: 'src/modules/fine-tuning', others: {} },
  webhooks: { owner: 'src/modules/webhooks', others: { 'src/modules/keys': HAND_OVER } },
  webhook_deliveries: { owner: 'src/modules/webhooks', others: {} },
  api_keys: {
    owner: 'src/modules/keys',
    others: { 'src/modules/futures': 'an operation gets the priority of its key in the statement that inserts it' },
  },
  key_windows: { owner: 'src/modules/keys', others: {} },
  settings: { owner: 'src/modules/keys', others: {} },
};
