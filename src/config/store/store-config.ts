import { type CleanedEnv } from 'envalid';
import { type ENV_SCHEMA } from '../environment/env-schema.js';
import { STORE_ENV_SCHEMA } from './store-env-schema.js';

type Values = CleanedEnv<typeof ENV_SCHEMA>;
type Given = Readonly<Record<string, string | undefined>>;

/** A bucket, or a part of one. Holds no credentials, so it may cross threads and be logged. */
export interface S3Config {
  readonly kind: 's3';
  readonly bucket: string;
  /** Of all keys: empty, or ends with a slash. */
  readonly prefix: string;
  /** Empty: AWS. */
  readonly endpoint: string;
  /** Empty: as the AWS configuration of this machine says. */
  readonly region: string;
  readonly pathStyle: boolean;
  /** Where clients reach the store; null: not at all. */
  readonly linkEndpoint: string | null;
}

/** Where checkpoints and files are kept. */
export type StoreConfig = { readonly kind: 'local' } | S3Config;

/** What a server other than AWS is content with. */
const ANY_REGION = 'us-east-1';

export function storeConfig(given: Given, values: Values): StoreConfig {
  const { CHECKPOINT_STORE: address, S3_ENDPOINT: endpoint } = values;
  if (address === '') return Object.freeze({ kind: 'local' });
  const pathStyle = values.S3_PATH_STYLE === 'auto' ? endpoint !== '' : values.S3_PATH_STYLE === 'true';
  const [bucket = '', ...path] = address.slice('s3://'.length).split('/');
  const folders = path.filter((part) => part !== '');
  return Object.freeze({
    kind: 's3',
    bucket,
    prefix: folders.map((part) => `${part}/`).join(''),
    endpoint,
    region: given['AWS_REGION'] ?? (endpoint === '' ? '' : ANY_REGION),
    pathStyle,
    linkEndpoint: values.S3_SIGNED_LINKS ? values.S3_LINK_ENDPOINT || endpoint : null,
  });
}

/** Settings that have no effect. */
export function storeWarnings(given: Given, values: Values): string[] {
  if (values.CHECKPOINT_STORE !== '') return [];
  return Object.keys(STORE_ENV_SCHEMA)
    .filter((name) => name !== 'CHECKPOINT_STORE' && given[name] !== undefined)
    .map((name) => `${name} has no effect without CHECKPOINT_STORE=s3://...`);
}
