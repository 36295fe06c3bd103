import { type components, type operations } from './api-types.js';

/** Names for the types of the API document; the types themselves are generated. */

export type Schemas = components['schemas'];

/** A request without the fields that the client fills in. */
type Ours<Request, Filled extends keyof Request> = Omit<Request, Filled>;

export type NewAdapter = Schemas['CreateAdapterDto'];
export type Adapter = Schemas['AdapterDto'];
export type CreatedAdapter = Schemas['AdapterCreatedDto'];
export type ForkedAdapter = Schemas['ForkedDto'];
export type Checkpoint = Schemas['CheckpointDto'];
export type HistoryEntry = Schemas['HistoryEntryDto'];
export type PushRequest = Schemas['PushAdapterDto'];
export type Pushed = Schemas['PushedDto'];
export type ExportQuery = NonNullable<operations['Exports_export']['parameters']['query']>;

export type ForwardRequest = Ours<Schemas['ForwardDto'], 'model_id' | 'seq_id'>;
export type OptimStepRequest = Ours<Schemas['OptimStepDto'], 'model_id' | 'seq_id'>;
export type SaveRequest = Ours<Schemas['SaveWeightsDto'], 'model_id' | 'seq_id'>;
export type SaveForSamplerRequest = Ours<Schemas['SaveForSamplerDto'], 'model_id' | 'seq_id'>;
export type LoadRequest = Ours<Schemas['LoadWeightsDto'], 'model_id' | 'seq_id'>;
export type RewindRequest = Ours<Schemas['RewindDto'], 'seq_id'>;
export type ForkRequest = Schemas['ForkDto'];
export type GenerateRequest = Ours<Schemas['GenerateDto'], 'async' | 'stream'>;
export type AdapterGenerateRequest = Ours<GenerateRequest, 'model_id' | 'base_model'>;

export type Accepted = Schemas['AcceptedDto'];
export type ForwardResult = Schemas['CompletedForwardDto'];
export type OptimStepResult = Schemas['CompletedOptimStepDto'];
export type SaveResult = Schemas['CompletedSaveDto'];
export type LoadResult = Schemas['CompletedLoadDto'];
export type RewindResult = Schemas['CompletedRewindDto'];
export type GenerateResult = Schemas['CompletedGenerateDto'];
/** What POST /retrieve_future returns once the request is completed; told apart by `kind`. */
export type Completed = operations['Futures_retrieve']['responses'][200]['content']['application/json'];
export type FutureSummary = Schemas['FutureDto'];
export type TokenEvent = Schemas['TokenEventDto'];
export type StreamedResult = Schemas['GenerateResultDto'];

export type Capabilities = Schemas['CapabilitiesDto'];
export type Liveness = Schemas['LivenessDto'];
export type Readiness = Schemas['ReadinessDto'];
export type LossFunctions = Schemas['LossFunctionsDto'];

export type ChatRequest = Ours<Schemas['ChatCompletionRequestDto'], 'stream'>;
export type ChatCompletion = Schemas['ChatCompletionDto'];
export type ChatChunk = Schemas['ChatCompletionChunkDto'];
export type CompletionRequest = Ours<Schemas['TextCompletionRequestDto'], 'stream'>;
export type TextCompletion = Schemas['TextCompletionDto'];
export type TextChunk = Schemas['TextCompletionChunkDto'];

export type UploadedFile = Schemas['FileDto'];
export type NewJob = Schemas['CreateJobDto'];
export type Job = Schemas['JobDto'];
export type JobEvent = Schemas['JobEventDto'];
export type JobCheckpoint = Schemas['JobCheckpointDto'];
/** Metrics of a step or of an epoch. */
export type JobMetrics = Schemas['JobMetricsRowDto'];
