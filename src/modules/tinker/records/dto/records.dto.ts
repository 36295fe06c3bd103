import { ApiProperty } from '@nestjs/swagger';

export class SessionsDto {
  /** Session ids, newest first. */
  @ApiProperty({ type: [String], example: ['session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC'] })
  sessions!: string[];
}

export class SessionDetailsDto {
  /** Models created in the session that are not deleted. */
  @ApiProperty({ type: [String], example: ['session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0'] })
  training_run_ids!: string[];

  /** Sampling sessions of the session. */
  @ApiProperty({ type: [String], example: ['sampler_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC'] })
  sampler_ids!: string[];

  /** Metadata of the client; all values as strings. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, nullable: true, example: {} })
  user_metadata!: Record<string, string> | null;

  /** Human-readable name. */
  @ApiProperty({ type: String, nullable: true, example: 'nightly' })
  display_name!: string | null;
}

export class AuditEntryDto {
  /**
   * Time of the request.
   * @example 2026-11-23T10:15:30.000Z
   */
  timestamp!: string;

  /**
   * The event.
   * @example checkpoint_save
   */
  event!: string;

  /**
   * Details of the event, such as ttl_seconds. For requests, their `status` (pending, running, completed, failed) and,
   * if they failed, the code of the `error`.
   */
  @ApiProperty({ type: 'object', additionalProperties: true, example: { status: 'completed' } })
  event_details!: Readonly<Record<string, unknown>>;

  /**
   * The model.
   * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0
   */
  model_id!: string;

  /**
   * The checkpoint; null for other events, for unnamed saves, and for failed requests.
   * @example tinker://session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0/weights/step-10
   */
  tinker_path!: string | null;
}

export class AuditLogDto {
  /** Oldest first. */
  @ApiProperty({ type: [AuditEntryDto] })
  entries!: AuditEntryDto[];
}
