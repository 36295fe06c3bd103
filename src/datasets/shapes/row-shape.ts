import { invalid, isGiven, type JsonObject } from '../../common/json/json-fields.js';
import { didYouMean } from '../../common/json/nearest-name.js';
import { shortened } from '../../common/shortened.js';
import { type TrainingExample } from '../training-example.js';

/** A form in which data sets write their rows. */
export interface RowShape {
  /** As a message names it. */
  readonly name: string;
  /** The fields that make a row one of this shape. */
  readonly marks: readonly string[];
  /** Other fields that are read, or refused by name. */
  readonly fields: readonly string[];
  /** @throws InvalidRequestError that names the field */
  read(row: JsonObject): TrainingExample;
}

export function hasMarks(row: JsonObject, { marks }: RowShape): boolean {
  return marks.every((mark) => isGiven(row[mark]));
}

/**
 * Data sets carry columns of their own (ids, sources, scores), which are ignored; one that looks like a misspelt field
 * of the shape is refused, because it would be ignored as well.
 */
export function refuseMisspelt(row: JsonObject, { marks, fields }: RowShape): void {
  const known = [...marks, ...fields];
  for (const name of Object.keys(row)) {
    if (known.includes(name) || !isGiven(row[name])) continue;
    const hint = didYouMean(
      name,
      known.filter((field) => !isGiven(row[field])),
    );
    if (hint !== '') throw invalid(shortened(name), 'is not a known field.', hint.trim());
  }
}

/** For fields that change what a row means and that are not supported. */
export function refuseGiven(row: JsonObject, name: string, remedy: string): void {
  const value = row[name];
  const isEmpty = !isGiven(value) || value === '' || (Array.isArray(value) && value.length === 0);
  if (!isEmpty) throw invalid(name, 'is not supported.', remedy);
}
