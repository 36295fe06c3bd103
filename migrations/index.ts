import { CreateSchema1795392000000 } from './1795392000000-create-schema.js';
import { AddSessionsAndKeys1795478400000 } from './1795478400000-add-sessions-and-keys.js';
import { AddUsage1795564800000 } from './1795564800000-add-usage.js';
import { AddCheckpointEvents1795651200000 } from './1795651200000-add-checkpoint-events.js';
import { AddLeases1795737600000 } from './1795737600000-add-leases.js';
import { IndexSamples1795824000000 } from './1795824000000-index-samples.js';
import { AddCopiedFrom1795910400000 } from './1795910400000-add-copied-from.js';
import { AddSnapshots1795996800000 } from './1795996800000-add-snapshots.js';
import { AddSessionEnds1796083200000 } from './1796083200000-add-session-ends.js';
import { AddLossFunctions1796169600000 } from './1796169600000-add-loss-functions.js';
import { AddPublicPaths1796256000000 } from './1796256000000-add-public-paths.js';
import { AddBatching1796342400000 } from './1796342400000-add-batching.js';
import { AddRanks1796428800000 } from './1796428800000-add-ranks.js';
import { AddFiles1796515200000 } from './1796515200000-add-files.js';
import { AddFineTuning1796601600000 } from './1796601600000-add-fine-tuning.js';
import { AddAliases1796688000000 } from './1796688000000-add-aliases.js';
import { AddKeyScopes1796774400000 } from './1796774400000-add-key-scopes.js';
import { AddAdministration1796774500000 } from './1796774500000-add-administration.js';
import { AddKeyLimits1796774600000 } from './1796774600000-add-key-limits.js';
import { AddCaptures1796860800000 } from './1796860800000-add-captures.js';
import { AddDeadlines1796947200000 } from './1796947200000-add-deadlines.js';
import { AddWebhooks1796947300000 } from './1796947300000-add-webhooks.js';
import { AddTraces1796947400000 } from './1796947400000-add-traces.js';
import { IndexCheckpointOwners1798000100000 } from './1798000100000-index-checkpoint-owners.js';
import { AddPreviousWebhookSecrets1798000200000 } from './1798000200000-add-previous-webhook-secrets.js';
import { AddWorkerMemory1798300000000 } from './1798300000000-add-worker-memory.js';

/** Every migration, oldest first. One that has been released is never edited. */
export const MIGRATIONS = [
  CreateSchema1795392000000,
  AddSessionsAndKeys1795478400000,
  AddUsage1795564800000,
  AddCheckpointEvents1795651200000,
  AddLeases1795737600000,
  IndexSamples1795824000000,
  AddCopiedFrom1795910400000,
  AddSnapshots1795996800000,
  AddSessionEnds1796083200000,
  AddLossFunctions1796169600000,
  AddPublicPaths1796256000000,
  AddBatching1796342400000,
  AddRanks1796428800000,
  AddFiles1796515200000,
  AddFineTuning1796601600000,
  AddAliases1796688000000,
  AddKeyScopes1796774400000,
  AddAdministration1796774500000,
  AddKeyLimits1796774600000,
  AddCaptures1796860800000,
  AddDeadlines1796947200000,
  AddWebhooks1796947300000,
  AddTraces1796947400000,
  IndexCheckpointOwners1798000100000,
  AddPreviousWebhookSecrets1798000200000,
  AddWorkerMemory1798300000000,
];
