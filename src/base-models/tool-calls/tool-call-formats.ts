import { HermesFormat } from './hermes-format.js';
import { LlamaFormat } from './llama-format.js';
import { MistralArgumentsFormat, MistralListFormat } from './mistral-format.js';
import { type ToolCallFormat } from './tool-call-format.js';

const FORMATS: readonly ToolCallFormat[] = [
  new HermesFormat(),
  new MistralListFormat(),
  new MistralArgumentsFormat(),
  new LlamaFormat(),
];

/** The format of a template that renders the probe's call like this; null when none of them is. */
export function formatOf(rendered: string): ToolCallFormat | null {
  return FORMATS.find((format) => format.matches(rendered)) ?? null;
}
