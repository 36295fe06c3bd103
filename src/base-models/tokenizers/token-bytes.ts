import { isObject, type Json } from './tokenizer-files.js';

/** Turns a token, as a vocabulary spells it, into the bytes of its text in the middle of a text. */
export type TokenBytes = (token: string) => Uint8Array;

const encoder = new TextEncoder();
const BYTE = /^<0x([0-9A-F]{2})>$/;

/** How the decoder of a tokenizer.json spells tokens; null where it does not spell each by itself. */
export function tokenBytesOf(decoder: unknown): TokenBytes | null {
  const steps = stepsOf(decoder);
  const kinds = steps.map((step) => step['type']);
  if (kinds.includes('ByteLevel')) return byteLevel;
  const spaces = steps.find((step) => step['type'] === 'Metaspace' || isReplacedSpace(step));
  if (spaces === undefined) return null;
  const hasBytes = kinds.includes('ByteFallback');
  const replacement = spaces['type'] === 'Metaspace' ? (spaces['replacement'] as string) : '▁';
  return (token) => {
    const byte = hasBytes ? BYTE.exec(token)?.[1] : undefined;
    return byte === undefined
      ? encoder.encode(token.replaceAll(replacement, ' '))
      : Uint8Array.of(Number.parseInt(byte, 16));
  };
}

function stepsOf(decoder: unknown): Json[] {
  if (!isObject(decoder)) return [];
  const { decoders } = decoder;
  return Array.isArray(decoders) ? decoders.flatMap(stepsOf) : [decoder];
}

function isReplacedSpace({ type, pattern, content }: Json): boolean {
  return type === 'Replace' && isObject(pattern) && pattern['String'] === '▁' && content === ' ';
}

/** GPT-2's characters for bytes. A token with any other character stands for itself, as in Hugging Face's tokenizers. */
function byteLevel(token: string): Uint8Array {
  const bytes = Array.from(token, (character) => BYTE_OF.get(character));
  return bytes.every((byte) => byte !== undefined) ? Uint8Array.from(bytes) : encoder.encode(token);
}

const BYTE_OF = byteCharacters();

function byteCharacters(): ReadonlyMap<string, number> {
  const isShown = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  const all = Array.from({ length: 256 }, (_, byte) => byte);
  const hidden = all.filter((byte) => !isShown(byte));
  return new Map([
    ...all.filter(isShown).map((byte) => [String.fromCharCode(byte), byte] as const),
    ...hidden.map((byte, i) => [String.fromCharCode(256 + i), byte] as const),
  ]);
}
