import { AdapterSnapshotEntity } from './modules/adapters/entities/adapter-snapshot.entity.js';
import { AdapterEntity } from './modules/adapters/entities/adapter.entity.js';
import { AliasVersionEntity } from './modules/aliases/entities/alias-version.entity.js';
import { CaptureFeedbackEntity } from './modules/captures/entities/capture-feedback.entity.js';
import { CaptureSettingsEntity } from './modules/captures/entities/capture-settings.entity.js';
import { CaptureEntity } from './modules/captures/entities/capture.entity.js';
import { CheckpointEventEntity } from './modules/checkpoints/entities/checkpoint-event.entity.js';
import { CheckpointEntity } from './modules/checkpoints/entities/checkpoint.entity.js';
import { PublicPathEntity } from './modules/checkpoints/entities/public-path.entity.js';
import { JobCheckpointEntity } from './modules/fine-tuning/entities/job-checkpoint.entity.js';
import { JobEventEntity } from './modules/fine-tuning/entities/job-event.entity.js';
import { JobEntity } from './modules/fine-tuning/entities/job.entity.js';
import { FileEntity } from './modules/files/entities/file.entity.js';
import { FutureEntity } from './modules/futures/entities/future.entity.js';
import { ApiKeyEntity } from './modules/keys/entities/api-key.entity.js';
import { KeyWindowEntity } from './modules/keys/entities/key-window.entity.js';
import { SettingEntity } from './modules/keys/entities/setting.entity.js';
import { WrittenLossEntity } from './modules/losses/entities/written-loss.entity.js';
import { SamplingSessionEntity } from './modules/sessions/entities/sampling-session.entity.js';
import { SessionEntity } from './modules/sessions/entities/session.entity.js';
import { UsageHourEntity } from './modules/usage/entities/usage-hour.entity.js';
import { QueuePauseEntity } from './modules/workers/entities/queue-pause.entity.js';
import { WebhookDeliveryEntity } from './modules/webhooks/entities/webhook-delivery.entity.js';
import { WebhookEntity } from './modules/webhooks/entities/webhook.entity.js';
import { WorkerEntity } from './modules/workers/entities/worker.entity.js';

/** Every table. */
export const ENTITIES = [
  AdapterEntity,
  AdapterSnapshotEntity,
  AliasVersionEntity,
  CaptureEntity,
  CaptureFeedbackEntity,
  CaptureSettingsEntity,
  CheckpointEntity,
  CheckpointEventEntity,
  PublicPathEntity,
  FileEntity,
  FutureEntity,
  QueuePauseEntity,
  WorkerEntity,
  ApiKeyEntity,
  KeyWindowEntity,
  SettingEntity,
  SessionEntity,
  SamplingSessionEntity,
  UsageHourEntity,
  WrittenLossEntity,
  JobEntity,
  JobEventEntity,
  JobCheckpointEntity,
  WebhookEntity,
  WebhookDeliveryEntity,
];
