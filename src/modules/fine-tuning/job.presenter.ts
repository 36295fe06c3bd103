import { unixSeconds } from '../../common/unix-seconds.js';
import { type JobCheckpointDto } from './dto/job-checkpoint.dto.js';
import { type JobEventDto } from './dto/job-event.dto.js';
import { type JobDto } from './dto/job.dto.js';
import { type JobCheckpointEntity } from './entities/job-checkpoint.entity.js';
import { type JobEventEntity } from './entities/job-event.entity.js';
import { type JobEntity } from './entities/job.entity.js';
import { type TrainingSettings } from './plan/training-settings.js';

export function presentJob(job: JobEntity): JobDto {
  const { settings, status, progress, resultFile } = job;
  const hyperparameters = presentSettings(settings);
  const { n_epochs, batch_size, learning_rate_multiplier } = hyperparameters;
  return {
    id: job.id,
    object: 'fine_tuning.job',
    status,
    created_at: unixSeconds(job.createdAt),
    finished_at: job.finishedAt && unixSeconds(job.finishedAt),
    estimated_finish: status === 'running' && job.estimatedFinish ? unixSeconds(job.estimatedFinish) : null,
    model: job.baseModel,
    fine_tuned_model: status === 'succeeded' ? job.modelId : null,
    training_file: job.trainingFile,
    validation_file: job.validationFile,
    method: { type: job.method, [job.method]: { hyperparameters } },
    hyperparameters: { n_epochs, batch_size, learning_rate_multiplier },
    seed: job.seed,
    trained_tokens: progress.position === 0 ? null : progress.trainedTokens,
    result_files: resultFile === null ? [] : [resultFile],
    error: job.error,
    metadata: job.metadata,
    integrations: [],
    organization_id: '',
  };
}

/** Under the names that requests have for them. */
function presentSettings(settings: TrainingSettings) {
  const { lora, patience } = settings;
  return {
    n_epochs: settings.epochs,
    batch_size: settings.batchSize,
    learning_rate_multiplier: settings.learningRateMultiplier,
    ...(settings.method === 'dpo' ? { beta: settings.beta } : {}),
    learning_rate: settings.learningRate,
    lr_schedule: settings.schedule,
    warmup_steps: settings.warmupSteps,
    weight_decay: settings.weightDecay,
    adam_beta1: settings.beta1,
    adam_beta2: settings.beta2,
    adam_epsilon: settings.epsilon,
    max_grad_norm: settings.maxGradNorm,
    lora_rank: lora.rank,
    lora_alpha: lora.alpha,
    lora_dropout: lora.dropout ?? 0,
    target_modules: lora.targetModules,
    ...(patience === null ? {} : { early_stopping_patience: patience }),
    keep_best: settings.keepBest,
    truncate: settings.truncate,
  };
}

export function presentEvent({ position, createdAt, level, message, type, data }: JobEventEntity): JobEventDto {
  return {
    id: `ftevent-${position}`,
    object: 'fine_tuning.job.event',
    created_at: unixSeconds(createdAt),
    level,
    message,
    type,
    data,
  };
}

export function presentCheckpoint({
  jobId,
  epoch,
  step,
  path,
  metrics,
  createdAt,
}: JobCheckpointEntity): JobCheckpointDto {
  return {
    id: `ftckpt-${jobId.slice(jobId.indexOf('-') + 1)}-${epoch}`,
    object: 'fine_tuning.job.checkpoint',
    created_at: unixSeconds(createdAt),
    fine_tuned_model_checkpoint: path,
    fine_tuning_job_id: jobId,
    metrics,
    step_number: step,
  };
}
