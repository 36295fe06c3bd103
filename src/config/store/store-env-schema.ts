import { bool, str } from 'envalid';
import { optionalUrl, s3Address } from '../environment/env-validators.js';

const endpoint = optionalUrl('http:', 'https:');

export const PATH_STYLES = ['auto', 'true', 'false'] as const;

/** The part of ENV_SCHEMA that says where checkpoints and files are kept. */
export const STORE_ENV_SCHEMA = {
  CHECKPOINT_STORE: s3Address({
    default: '',
    desc: 'Where checkpoints, state snapshots and uploaded files are kept: s3://<bucket>/<prefix> for S3 or a server with its API (docs/operations.md). Credentials and region come from the standard sources of AWS, such as AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION. Empty = folders in DATA_DIR.',
    example: 's3://my-bucket/thinker',
  }),
  S3_ENDPOINT: endpoint({
    default: '',
    desc: 'Address of the S3 server of CHECKPOINT_STORE; for a certificate of your own, set NODE_EXTRA_CA_CERTS. Empty = AWS.',
    example: 'https://minio.example.com:9000',
  }),
  S3_PATH_STYLE: str({
    choices: PATH_STYLES,
    default: 'auto',
    desc: 'true = name the bucket in the path (https://server/bucket), false = in the host name (https://bucket.server). auto = in the path if S3_ENDPOINT is set, as most servers other than AWS require.',
  }),
  S3_SIGNED_LINKS: bool({
    default: true,
    desc: 'Download links of checkpoint archives lead to the S3 server, signed and valid for 15 minutes. false = they lead to the service, which passes the bytes on; set it where clients cannot reach the S3 server.',
  }),
  S3_LINK_ENDPOINT: endpoint({
    default: '',
    desc: 'Address of the S3 server in download links, where clients know it by another one than S3_ENDPOINT. Empty = S3_ENDPOINT.',
    example: 'https://files.example.com',
  }),
} as const;
