import { readFileSync } from 'node:fs';
import { type LossDefinition } from '../../../src/domain/loss-definition.js';

/** A loss of examples/losses by its file's name. */
export function exampleLoss(name: string): LossDefinition {
  return JSON.parse(readFileSync(`examples/losses/${name}.json`, 'utf8')) as LossDefinition;
}
