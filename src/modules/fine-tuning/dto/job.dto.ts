import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, IsString } from 'class-validator';
import { PageSize } from '../../../common/pages/page.decorators.js';
import { AcceptsUnknownFields } from '../../../common/http/validation/accepts-unknown-fields.js';
import { JOB_STATUSES } from '../job-states.js';
import { MethodDto } from './create-job.dto.js';

const ID = 'ftjob-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC';
const FILE = 'file-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC';

export class JobErrorDto {
  /** Machine-readable code of the failure. */
  @ApiProperty({ example: 'invalid_training_file' })
  code!: string;

  /** Description of the failure. */
  @ApiProperty({ example: 'line 12 of chats.jsonl is 600 tokens long' })
  message!: string;

  /** Field of the request that caused the failure. */
  @ApiProperty({ type: String, nullable: true, example: 'training_file' })
  param!: string | null;
}

export class JobHyperparametersDto {
  /** Passes over the training rows. */
  @ApiProperty({ example: 3 })
  n_epochs!: number;

  /** Rows per step. */
  @ApiProperty({ example: 4 })
  batch_size!: number;

  /** Learning rate as a multiple of the one that the server would choose. */
  @ApiProperty({ example: 1 })
  learning_rate_multiplier!: number;
}

/** A job in the shape of OpenAI's API, with numbers for every "auto". */
export class JobDto {
  /** Id of the job. */
  @ApiProperty({ example: ID })
  id!: string;

  /** Kind of the object. */
  @ApiProperty({ enum: ['fine_tuning.job'], example: 'fine_tuning.job' })
  object!: 'fine_tuning.job';

  /** State of the job. */
  @ApiProperty({ enum: JOB_STATUSES, example: 'running' })
  status!: string;

  /** Seconds since 1970. */
  @ApiProperty({ example: 1795910400 })
  created_at!: number;

  /** Time of the end, in seconds since 1970; null before. */
  @ApiProperty({ type: Number, nullable: true, example: null })
  finished_at!: number | null;

  /** Estimated time of the end, in seconds since 1970; null while unknown. */
  @ApiProperty({ type: Number, nullable: true, example: 1795910700 })
  estimated_finish!: number | null;

  /** Base model. */
  @ApiProperty({ example: 'tiny-chat' })
  model!: string;

  /** Name of the fine-tuned model; null until the job has succeeded. */
  @ApiProperty({ type: String, nullable: true, example: 'ft:tiny-chat:support:3y5q0w4v7m' })
  fine_tuned_model!: string | null;

  /** Id of the training file. */
  @ApiProperty({ example: FILE })
  training_file!: string;

  /** Id of the validation file. */
  @ApiProperty({ type: String, nullable: true, example: null })
  validation_file!: string | null;

  /** Method of training, with all hyper-parameters. */
  @ApiProperty({ type: MethodDto })
  method!: MethodDto;

  /** Epochs, batch size and learning-rate multiplier, in the former format of OpenAI's API. */
  @ApiProperty({ type: JobHyperparametersDto })
  hyperparameters!: JobHyperparametersDto;

  /** Seed of the order of rows, the initial weights and dropout. */
  @ApiProperty({ example: 42 })
  seed!: number;

  /** Tokens that went through forward and backward passes so far. */
  @ApiProperty({ type: Number, nullable: true, example: 12000 })
  trained_tokens!: number | null;

  /** Id of the CSV file with the metrics, once the job has succeeded. */
  @ApiProperty({ type: [String], example: [] })
  result_files!: string[];

  /** Failure of the job; null otherwise. */
  @ApiProperty({ type: JobErrorDto, nullable: true })
  error!: JobErrorDto | null;

  /** Texts that the client stored with the job. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string' },
    nullable: true,
    example: { team: 'support' },
  })
  metadata!: Readonly<Record<string, string>> | null;

  /** Always empty. */
  @ApiProperty({ type: 'array', items: { type: 'object' }, example: [] })
  integrations!: never[];

  /** Always empty. */
  @ApiProperty({ example: '' })
  organization_id!: string;
}

export class JobListDto {
  /** Kind of the object. */
  @ApiProperty({ enum: ['list'], example: 'list' })
  object!: 'list';

  /** Newest first. */
  @ApiProperty({ type: [JobDto] })
  data!: JobDto[];

  /** Whether more follow. */
  @ApiProperty({ example: false })
  has_more!: boolean;
}

@AcceptsUnknownFields()
export class ListJobsDto {
  /** Id of the last job of the previous page. */
  @ApiProperty({ example: ID })
  @IsOptional()
  @IsString()
  after?: string;

  /** Jobs per page. */
  @ApiProperty({ default: 20, example: 20 })
  @PageSize(100)
  limit?: number;
}
