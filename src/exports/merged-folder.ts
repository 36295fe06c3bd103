import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BaseModel } from '../base-models/base-model.js';
import { safetensorsFiles } from '../base-models/checkpoint-files.js';
import { isObject, type Json } from '../base-models/tokenizers/tokenizer-files.js';
import { type ThreadPool } from '../common/threads/thread-pool.js';
import {
  elementCount,
  encodeSafetensorsHeader,
  isFloatDtype,
  readSafetensorsHeader,
  type SafetensorsDtype,
  type TensorEntry,
} from '../formats/safetensors.js';
import { bytesBetween, type ExportFile, fileOfBytes } from './export-file.js';
import { type LoraPairs } from './lora-weights.js';
import { tensorBytes } from './tensor-stream.js';

/**
 * A base model's folder with an adapter merged into its weights, as transformers loads it: the same files, the same
 * shards with the same tensors, each in the dtype that it has in the base model. An adapter on a tied output projection
 * makes a tensor of its own of it, as merging with PEFT does to a model whose embeddings were untied before.
 */
const CONFIG_FILE = 'config.json';
const SINGLE_FILE = 'model.safetensors';
const INDEX_FILE = 'model.safetensors.index.json';
const HEAD = 'lm_head.weight';
const EMBEDDING = 'model.embed_tokens.weight';
const TEMPLATES = 'additional_chat_templates';

/** What belongs to a model beside its weights; further files of a folder are not taken. */
const COMPANIONS =
  /^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|chat_template|vocab)\.json$|^(chat_template\.jinja|merges\.txt|tokenizer\.model|(LICENSE|NOTICE)(\.(txt|md))?)$/;

interface ShardTensor {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  readonly source: TensorEntry;
  /** The file of the source. */
  readonly path: string;
}

interface Shard {
  readonly name: string;
  /** All that stands before the tensors. */
  readonly header: Uint8Array;
  /** In the order of the file. */
  readonly tensors: readonly ShardTensor[];
}

export async function mergedFolder(model: BaseModel, pairs: LoraPairs, threads: ThreadPool): Promise<ExportFile[]> {
  const shards = await readShards(model);
  if (!model.config.tiedEmbeddings || !pairs.has(HEAD)) {
    return [...(await companions(model.folder)), ...shards.map((shard) => shardFile(shard, pairs, threads))];
  }
  const untied = withHead(shards);
  const files = await companions(model.folder);
  const changed = files.map(async (file) => {
    if (file.name === CONFIG_FILE) return rewritten(file, untiedConfig);
    return file.name === INDEX_FILE ? rewritten(file, (index) => indexOf(index, untied)) : file;
  });
  return [...(await Promise.all(changed)), ...untied.map((shard) => shardFile(shard, pairs, threads))];
}

async function readShards({ folder, name: model }: BaseModel): Promise<Shard[]> {
  const names = await safetensorsFiles(folder, `Base model '${model}'`);
  const shards = names.map(async (name): Promise<Shard> => {
    const path = join(folder, name);
    const { header, headerBytes } = await readSafetensorsHeader(path);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(headerBytes.byteLength));
    const entries = [...header.tensors.values()].sort((a, b) => a.begin - b.begin);
    const tensors = entries.map((source) => ({ ...source, source, path }));
    return { name, header: Buffer.concat([length, headerBytes]), tensors };
  });
  return Promise.all(shards);
}

/** The output projection as a tensor of its own, at the end; a copy that was there, and that nobody reads, goes. */
function withHead(shards: readonly Shard[]): Shard[] {
  const embedding = shards.flatMap(({ tensors }) => tensors).find(({ name }) => name === EMBEDDING);
  if (!embedding) throw new RangeError(`the base model has no ${EMBEDDING}`);
  return shards.map((shard, i) => {
    const others = shard.tensors.filter(({ name }) => name !== HEAD);
    const tensors = i === shards.length - 1 ? [...others, { ...embedding, name: HEAD }] : others;
    const described = tensors.map((tensor) => [tensor.name, tensor] as const);
    return { name: shard.name, header: encodeSafetensorsHeader(described, { format: 'pt' }), tensors };
  });
}

function shardFile({ name, header, tensors }: Shard, pairs: LoraPairs, threads: ThreadPool): ExportFile {
  const size = tensors.reduce((sum, { source }) => sum + source.end - source.begin, header.byteLength);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield header;
    for (const tensor of tensors) yield* bytesOf(tensor, pairs, threads);
  }
  return { name, size, chunks };
}

function bytesOf({ name, dtype, shape, source, path }: ShardTensor, pairs: LoraPairs, threads: ThreadPool) {
  const { begin, end } = source;
  const lora = pairs.get(name) ?? null;
  if (lora === null || !isFloatDtype(dtype)) return bytesBetween(path, begin, end);
  const read = { name, file: path, dtype, shape, byteOffset: begin, byteLength: end - begin };
  return tensorBytes({ source: read, lora, interleavedHead: null, type: dtype }, threads);
}

/** What belongs to the model beside its weights, byte for byte. */
async function companions(folder: string): Promise<ExportFile[]> {
  const templates = (await readdir(join(folder, TEMPLATES)).catch(() => [])).filter((name) => name.endsWith('.jinja'));
  const names = (await readdir(folder)).filter((name) => COMPANIONS.test(name) || name === INDEX_FILE);
  // model.safetensors comes before an index, which is then of no use.
  const found = names.filter((name) => name !== INDEX_FILE || !names.includes(SINGLE_FILE)).sort();
  return Promise.all(
    [...found, ...templates.map((name) => `${TEMPLATES}/${name}`)].map(async (name) => {
      return fileOfBytes(name, await readFile(join(folder, name)));
    }),
  );
}

async function rewritten(file: ExportFile, change: (json: Json) => Json): Promise<ExportFile> {
  const pieces: Uint8Array[] = [];
  for await (const piece of file.chunks()) pieces.push(piece);
  const json = JSON.parse(Buffer.concat(pieces).toString('utf8')) as Json;
  return fileOfBytes(file.name, Buffer.from(`${JSON.stringify(change(json), null, 2)}\n`));
}

function untiedConfig(config: Json): Json {
  return { ...config, tie_word_embeddings: false };
}

function indexOf(index: Json, shards: readonly Shard[]): Json {
  const map = shards.flatMap(({ name: shard, tensors }) => tensors.map(({ name }) => [name, shard]));
  const tensors = shards.flatMap((shard) => shard.tensors);
  const total = tensors.reduce((sum, { source }) => sum + source.end - source.begin, 0);
  const numbers = tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  const stated = isObject(index['metadata']) ? index['metadata'] : {};
  const count = 'total_parameters' in stated ? { total_parameters: numbers } : {};
  return { ...index, metadata: { ...stated, ...count, total_size: total }, weight_map: Object.fromEntries(map) };
}
