import { type Recorded } from './trainer.js';

const SHOWN = 2;

/** What a client was told. */
export interface Recording {
  readonly name: string;
  readonly records: readonly Recorded[];
}

/** Where answers of a disturbed run differ from those of an undisturbed one: client, step and both values. */
export function compareAnswers(disturbed: readonly Recording[], undisturbed: readonly Recording[]): string[] {
  return disturbed.flatMap(({ name, records }, i) => {
    const expected = undisturbed[i]?.records ?? [];
    const differences: string[] = [];
    if (records.length !== expected.length) {
      differences.push(`${name}: ${records.length} answers, undisturbed ${expected.length}`);
    }
    for (const [index, { label, answer }] of records.entries()) {
      const other = expected[index];
      if (other === undefined || (other.label === label && other.answer === answer)) continue;
      differences.push(`${name}, ${label}: ${answer}\n  undisturbed, ${other.label}: ${other.answer}`);
    }
    // What follows the first difference follows from it.
    const more = differences.splice(SHOWN).length;
    return more === 0 ? differences : [...differences, `${name}: ${more} more differences`];
  });
}

/** The same for what is left at the end, by name. */
export function compareDigests(disturbed: ReadonlyMap<string, string>, undisturbed: ReadonlyMap<string, string>) {
  const names = new Set([...disturbed.keys(), ...undisturbed.keys()]);
  return [...names]
    .filter((name) => disturbed.get(name) !== undisturbed.get(name))
    .map((name) => `${name}: ${disturbed.get(name) ?? 'missing'}, undisturbed ${undisturbed.get(name) ?? 'missing'}`);
}
