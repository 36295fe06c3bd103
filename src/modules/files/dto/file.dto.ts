import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import { PageSize } from '../../../common/pages/page.decorators.js';
import { AcceptsUnknownFields } from '../../../common/http/validation/accepts-unknown-fields.js';
import { IsStorable } from '../../../common/http/validation/is-storable.js';
import { PURPOSES } from '../entities/file.entity.js';

const ID = 'file-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC';

export class FileDto {
  /** Id of the file. */
  @ApiProperty({ example: ID })
  id!: string;

  /** Kind of the object. */
  @ApiProperty({ enum: ['file'], example: 'file' })
  object!: 'file';

  /**
   * Size in bytes.
   * @example 120000
   */
  bytes!: number;

  /**
   * Seconds since 1970.
   * @example 1795910400
   */
  created_at!: number;

  /** When it will be deleted, in seconds since 1970; null for a file that is kept. */
  @ApiProperty({ type: Number, nullable: true, example: null })
  expires_at!: number | null;

  /**
   * Name that it was uploaded with.
   * @example chats.jsonl
   */
  filename!: string;

  /** Purpose of the file. */
  @ApiProperty({ enum: PURPOSES, example: 'fine-tune' })
  purpose!: string;

  /** Always `processed`: a file is checked before it is stored. */
  @ApiProperty({ enum: ['processed'], example: 'processed' })
  status!: 'processed';

  /** Always null. */
  @ApiProperty({ type: String, nullable: true, example: null })
  status_details!: string | null;
}

export class FileListDto {
  /** Kind of the object. */
  @ApiProperty({ enum: ['list'], example: 'list' })
  object!: 'list';

  /** A page of your files. */
  @ApiProperty({ type: [FileDto] })
  data!: FileDto[];

  /** Id of the first one; null on an empty page. */
  @ApiProperty({ type: String, nullable: true, example: ID })
  first_id!: string | null;

  /** Id of the last one, for `after`; null on an empty page. */
  @ApiProperty({ type: String, nullable: true, example: ID })
  last_id!: string | null;

  /**
   * Whether more follow.
   * @example false
   */
  has_more!: boolean;
}

export class FileDeletedDto {
  /** Id of the file. */
  @ApiProperty({ example: ID })
  id!: string;

  /** Kind of the object. */
  @ApiProperty({ enum: ['file'], example: 'file' })
  object!: 'file';

  /**
   * Always true.
   * @example true
   */
  deleted!: boolean;
}

@AcceptsUnknownFields()
export class ListFilesDto {
  /** Id of the last file of the previous page. */
  @ApiProperty({ example: ID })
  @IsOptional()
  @IsString()
  after?: string;

  /** Files per page. */
  @ApiProperty({ default: 10_000, example: 100 })
  @PageSize(10_000)
  limit?: number;

  /** Order by time of upload. */
  @ApiProperty({ enum: ['asc', 'desc'], default: 'desc', example: 'desc' })
  @IsOptional()
  @IsIn(['asc', 'desc'])
  order?: 'asc' | 'desc';

  /** Only files with this purpose. */
  @ApiProperty({ example: 'fine-tune' })
  @IsOptional()
  @IsString()
  purpose?: string;

  /** Only files whose name contains this text, case-insensitively. Not in OpenAI's API. */
  @ApiProperty({ example: 'chats' })
  @IsOptional()
  @IsString()
  @IsStorable()
  @MaxLength(255)
  search?: string;
}

/** The form of an upload; read by `readUpload`, for the document only. */
export class UploadFileDto {
  /** The file: JSONL, CSV or Parquet. */
  @ApiProperty({ type: 'string', format: 'binary', example: '{"prompt": "1+1=", "completion": "2"}' })
  file!: unknown;

  /** Purpose of the file. */
  @ApiProperty({ enum: ['fine-tune'], example: 'fine-tune' })
  purpose!: string;

  /** `created_at`, with `expires_after[seconds]`. */
  @ApiProperty({ enum: ['created_at'], example: 'created_at' })
  'expires_after[anchor]'?: string;

  /** Seconds after which the file is deleted. */
  @ApiProperty({ minimum: 3600, maximum: 2_592_000, example: 86_400 })
  'expires_after[seconds]'?: number;
}
