import { type BaseModel } from '../../base-models/base-model.js';
import { type CheckpointTensor, openCheckpoint } from '../../base-models/checkpoint-files.js';
import { readConfigFile } from '../../base-models/model-config/config-file.js';
import { parseHfConfig } from '../../base-models/model-config/hf-config.js';
import { type ThreadPool } from '../../common/threads/thread-pool.js';
import {
  encodeGgufHeader,
  type GgufMetadata,
  ggufPadding,
  type GgufTensor,
  ggufTensorBytes,
  type GgufTensorType,
  type GgufValue,
} from '../../formats/gguf.js';
import { type ExportFile, fileOfBytes } from '../export-file.js';
import { type LoraPairs } from '../lora-weights.js';
import { tensorBytes } from '../tensor-stream.js';
import { hyperparameters, ropeFactors } from './gguf-hyperparameters.js';
import { architectureOf, ggufName, interleavedHead } from './gguf-names.js';
import { tokenizerMetadata } from './gguf-tokenizer.js';
import { modelfile } from './modelfile.js';

/** A base model with an adapter merged into it as one GGUF file, as llama.cpp's convert_hf_to_gguf lays it out. */
export const GGUF_OUTTYPES = ['f32', 'f16', 'q8_0'] as const;
export type GgufOuttype = (typeof GGUF_OUTTYPES)[number];

const OUTTYPES: Readonly<Record<GgufOuttype, { readonly type: GgufTensorType; readonly fileType: number }>> = {
  f32: { type: 'F32', fileType: 0 },
  f16: { type: 'F16', fileType: 1 },
  q8_0: { type: 'Q8_0', fileType: 7 },
};
const QUANTIZATION_VERSION = 2;
const HEAD = 'lm_head.weight';
const EMBEDDING = 'model.embed_tokens.weight';

interface Part {
  readonly tensor: GgufTensor;
  chunks(): AsyncIterable<Uint8Array>;
}

/** What the header says of the model. @throws ExportUnsupportedError for what llama.cpp would compute otherwise */
export async function ggufModelMetadata(model: BaseModel, outtype: GgufOuttype): Promise<GgufMetadata> {
  const what = `Base model '${model.name}'`;
  const architecture = architectureOf(model.config);
  const config = parseHfConfig(await readConfigFile(model.folder, what), what);
  return new Map<string, GgufValue>([
    ['general.architecture', { type: 'string', value: architecture }],
    ['general.type', { type: 'string', value: 'model' }],
    ['general.name', { type: 'string', value: model.name }],
    ...hyperparameters(config, architecture),
    ['general.file_type', { type: 'uint32', value: OUTTYPES[outtype].fileType }],
    ['general.quantization_version', { type: 'uint32', value: QUANTIZATION_VERSION }],
    ...(await tokenizerMetadata(model)),
  ]);
}

export async function ggufModel(
  model: BaseModel,
  pairs: LoraPairs,
  outtype: GgufOuttype,
  threads: ThreadPool,
): Promise<ExportFile[]> {
  const metadata = await ggufModelMetadata(model, outtype);
  const parts = [...(await ropeParts(model)), ...(await weightParts(model, pairs, OUTTYPES[outtype].type, threads))];
  const header = encodeGgufHeader(
    metadata,
    parts.map(({ tensor }) => tensor),
  );
  const size = parts.reduce((sum, { tensor }) => sum + paddedBytes(tensor), header.byteLength);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield header;
    for (const part of parts) {
      yield* part.chunks();
      yield new Uint8Array(ggufPadding(ggufTensorBytes(part.tensor)));
    }
  }
  const name = 'model.gguf';
  return [fileOfBytes('Modelfile', await modelfile(model, name)), { name, size, chunks }];
}

async function ropeParts({ folder, name }: BaseModel): Promise<Part[]> {
  const what = `Base model '${name}'`;
  const factors = ropeFactors(parseHfConfig(await readConfigFile(folder, what), what));
  if (factors === null) return [];
  const file = fileOfBytes('', new Uint8Array(factors.buffer));
  return [{ tensor: { name: 'rope_freqs.weight', type: 'F32', shape: [factors.length] }, chunks: () => file.chunks() }];
}

async function weightParts(
  model: BaseModel,
  pairs: LoraPairs,
  wanted: GgufTensorType,
  threads: ThreadPool,
): Promise<Part[]> {
  const { config, folder, name } = model;
  const tensors = new Map((await openCheckpoint(folder, config, `Base model '${name}'`)).tensors);
  const embedding = tensors.get(EMBEDDING);
  // Without this tensor, llama.cpp takes the embeddings for the output projection.
  if (config.tiedEmbeddings && pairs.has(HEAD) && embedding) tensors.set(HEAD, embedding);
  return [...tensors].map(([parameter, source]) => {
    const type = typeOf(parameter, source, wanted);
    const head = interleavedHead(parameter, config);
    const plan = { source, lora: pairs.get(parameter) ?? null, interleavedHead: head, type };
    const tensor = { name: ggufName(parameter), type, shape: source.shape };
    return { tensor, chunks: () => tensorBytes(plan, threads) };
  });
}

/** Vectors stay in float32; rows that are no whole blocks are written in half precision. */
function typeOf(parameter: string, { shape }: CheckpointTensor, wanted: GgufTensorType): GgufTensorType {
  if (shape.length < 2 || !parameter.endsWith('.weight')) return 'F32';
  const [, columns = 0] = shape;
  return wanted === 'Q8_0' && columns % 32 !== 0 ? 'F16' : wanted;
}

function paddedBytes(tensor: GgufTensor): number {
  const bytes = ggufTensorBytes(tensor);
  return bytes + ggufPadding(bytes);
}
