import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

/** The messages of protocol/tinker_public.proto that this server reads or writes. Bytes are views, not copies. */
const { root } = protobuf.parse(readFileSync(findSchema(dirname(fileURLToPath(import.meta.url))), 'utf8'), {
  keepCase: true,
});
root.resolveAll();

export const ForwardBackwardRequestType = root.lookupType('tinker_public.ForwardBackwardRequest');
export const ForwardBackwardOutputType = root.lookupType('tinker_public.ForwardBackwardOutput');
export const SampleResponseType = root.lookupType('tinker_public.SampleResponse');

export const PROTOBUF = 'application/x-protobuf';

export const DTYPE = { float32: 1, int64: 2, int32: 3 } as const;
/** In the SDK's schema, but neither sent by it nor read here. */
export const BFLOAT16 = 4;
export const STOP_REASON = { stop: 0, length: 1 } as const;

/** Decoded messages, as far as they are read here. Absent fields have protobuf's defaults. */
export interface ProtoForwardRequest {
  readonly model_id: string;
  readonly seq_id: number;
  readonly data: readonly ProtoDatum[];
  readonly loss_fn: string;
  readonly loss_fn_config: Readonly<Record<string, number>>;
  readonly loss_fn_config_v2: Readonly<Record<string, { readonly number?: number; readonly text?: string }>>;
  readonly forward_only: boolean;
}

export interface ProtoDatum {
  readonly model_input: readonly ProtoChunk[];
  readonly loss_fn_inputs: Readonly<Record<string, ProtoTensor>>;
}

export interface ProtoChunk {
  readonly chunk?: 'encoded_text' | 'image' | 'dmel';
  readonly encoded_text?: { readonly tokens: Uint8Array };
}

export interface ProtoTensor {
  readonly encoding?: 'dense' | 'sparse_csr';
  readonly dense?: Uint8Array;
  readonly sparse_csr?: {
    readonly values: Uint8Array;
    readonly crow_indices: Uint8Array;
    readonly col_indices: Uint8Array;
  } | null;
  readonly dtype: number;
  readonly shape: readonly (number | { toNumber(): number })[];
}

/** It lies at the root of the package, whether this file is compiled or not. */
function findSchema(folder: string): string {
  const file = join(folder, 'protocol', 'tinker_public.proto');
  if (existsSync(file)) return file;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('protocol/tinker_public.proto was not found above the program');
  return findSchema(parent);
}
