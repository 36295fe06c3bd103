import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  type CompletedPart,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  type S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';

const GIB = 2 ** 30;

export interface ObjectCopy {
  readonly bucket: string;
  readonly from: string;
  readonly to: string;
  /** What one request may copy; S3 takes five gibibytes. */
  readonly maxBytes?: number;
}

/** Copies an object within its bucket: no byte of it comes here. */
export async function copyObject(client: S3Client, copy: ObjectCopy): Promise<void> {
  const { bucket, from, to, maxBytes = 5 * GIB } = copy;
  const { ContentLength: bytes = 0 } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: from }));
  const target = { Bucket: bucket, Key: to };
  const CopySource = `${bucket}/${from}`;
  if (bytes <= maxBytes) {
    await client.send(new CopyObjectCommand({ ...target, CopySource }));
    return;
  }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
  try {
    const parts: CompletedPart[] = [];
    for (let start = 0; start < bytes; start += maxBytes) {
      const PartNumber = parts.length + 1;
      const CopySourceRange = `bytes=${start}-${Math.min(start + maxBytes, bytes) - 1}`;
      const part = { ...target, UploadId, PartNumber, CopySource, CopySourceRange };
      const { CopyPartResult } = await client.send(new UploadPartCopyCommand(part));
      parts.push({ PartNumber, ETag: CopyPartResult?.ETag });
    }
    const whole = { ...target, UploadId, MultipartUpload: { Parts: parts } };
    await client.send(new CompleteMultipartUploadCommand(whole));
  } catch (error) {
    await client.send(new AbortMultipartUploadCommand({ ...target, UploadId })).catch(() => undefined);
    throw error;
  }
}
