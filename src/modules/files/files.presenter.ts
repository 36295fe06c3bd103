import { unixSeconds } from '../../common/unix-seconds.js';
import { type FileDto, type FileListDto } from './dto/file.dto.js';
import { type FileEntity } from './entities/file.entity.js';
import { type FilePage } from './files.service.js';

export function presentFile({ id, bytes, createdAt, expiresAt, filename, purpose }: FileEntity): FileDto {
  return {
    id,
    object: 'file',
    bytes,
    created_at: unixSeconds(createdAt),
    expires_at: expiresAt && unixSeconds(expiresAt),
    filename,
    purpose,
    status: 'processed',
    status_details: null,
  };
}

export function presentFiles({ files, hasMore }: FilePage): FileListDto {
  return {
    object: 'list',
    data: files.map((file) => presentFile(file)),
    first_id: files[0]?.id ?? null,
    last_id: files.at(-1)?.id ?? null,
    has_more: hasMore,
  };
}
