import { type BaseModel } from '../../base-models/base-model.js';
import { encodeGgufHeader, ggufPadding, type GgufTensor, type GgufValue } from '../../formats/gguf.js';
import { ExportUnsupportedError } from '../export.errors.js';
import { type ExportFile, fileOfBytes } from '../export-file.js';
import { type LoraPair, type LoraPairs } from '../lora-weights.js';
import { interleaved } from '../tensor-rows.js';
import { architectureOf, ggufName, interleavedHead } from './gguf-names.js';
import { adapterModelfile } from './modelfile.js';

/**
 * An adapter alone as GGUF, in float32, as llama.cpp's convert_lora_to_gguf writes it. llama.cpp knows one alpha and scales
 * by alpha / rank: where a module has another scale, its B is multiplied by the ratio.
 */
export function ggufAdapter(model: BaseModel, pairs: LoraPairs): ExportFile[] {
  const { config } = model;
  const architecture = architectureOf(config);
  if (config.tiedEmbeddings && pairs.has('lm_head.weight')) throw tiedHead(model.name);
  const [first] = pairs.values();
  const alpha = first ? first.scale * first.rank : 1;
  const tensors: [GgufTensor, Float32Array][] = [...pairs].flatMap(([parameter, pair]) => {
    const name = ggufName(parameter);
    const b = scaled(pair, alpha);
    const head = interleavedHead(parameter, config);
    return [
      [{ name: `${name}.lora_a`, type: 'F32', shape: [pair.rank, pair.inputs] }, pair.a],
      [
        { name: `${name}.lora_b`, type: 'F32', shape: [pair.outputs, pair.rank] },
        head === null ? b : interleaved(b, pair.rank, head),
      ],
    ];
  });
  const metadata = new Map<string, GgufValue>([
    ['general.architecture', { type: 'string', value: architecture }],
    ['general.type', { type: 'string', value: 'adapter' }],
    ['adapter.type', { type: 'string', value: 'lora' }],
    ['general.file_type', { type: 'uint32', value: 0 }],
    ['general.quantization_version', { type: 'uint32', value: 2 }],
    ['adapter.lora.alpha', { type: 'float32', value: alpha }],
  ]);
  const header = encodeGgufHeader(
    metadata,
    tensors.map(([tensor]) => tensor),
  );
  const pieces = tensors.flatMap(([, { buffer, byteOffset, byteLength }]) => [
    new Uint8Array(buffer, byteOffset, byteLength),
    new Uint8Array(ggufPadding(byteLength)),
  ]);
  const name = 'adapter.gguf';
  return [
    fileOfBytes('Modelfile', adapterModelfile(model, name)),
    fileOfBytes(name, Buffer.concat([header, ...pieces])),
  ];
}

function scaled({ b, scale, rank }: LoraPair, alpha: number): Float32Array {
  const ratio = (scale * rank) / alpha;
  return ratio === 1 ? b : b.map((number) => number * ratio);
}

function tiedHead(model: string): ExportUnsupportedError {
  const remedy = 'Export the merged model with format=gguf.';
  return new ExportUnsupportedError(
    `The adapter changes lm_head, which '${model}' shares with its embeddings: llama.cpp has no adapters for that. ${remedy}`,
    { field: 'format', remedy },
  );
}
