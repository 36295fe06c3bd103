import { IsBoolean, IsOptional, IsString, MaxLength } from 'class-validator';
import { AcceptsUnknownFields } from '../../../common/http/accepts-unknown-fields.js';

@AcceptsUnknownFields()
export class TinkerRetrieveDto {
  /**
   * The id that the request was answered with.
   * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  @IsString()
  @MaxLength(200)
  request_id!: string;

  /**
   * Accepted and not used: results always come at once.
   * @example false
   */
  @IsOptional()
  @IsBoolean()
  allow_metadata_only?: boolean;
}

/** Not settled yet: ask again at once. */
export class TinkerPendingDto {
  /**
   * Id of the request.
   * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  request_id!: string;

  /**
   * 'active': it runs or its turn comes; 'paused_capacity': nobody is there to compute it.
   * @example active
   */
  queue_state!: 'active' | 'paused_capacity';

  /**
   * Why it waits.
   * @example "2 requests of this model run first"
   */
  queue_state_reason!: string;
}
