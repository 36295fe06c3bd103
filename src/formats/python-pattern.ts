import { RE2JS } from 're2js';

/**
 * A regular expression of PEFT's settings, which Python's `re` would run. RE2 runs it in linear time, whatever a
 * stranger has written; what RE2 does not have (look-around, back-references) gives null.
 */
export type Pattern = (name: string) => boolean;

/** As `re.fullmatch(pattern, name)`. */
export function fullMatch(pattern: string): Pattern | null {
  try {
    const compiled = RE2JS.compile(pattern);
    return (name) => compiled.matches(name);
  } catch {
    return null;
  }
}

/** As `re.match(pattern, name)`, of a pattern with one group: what stands in it; null where nothing matches. */
export function firstGroup(pattern: string, name: string): string | null {
  const matcher = RE2JS.compile(pattern).matcher(name);
  return matcher.lookingAt() ? matcher.group(matcher.groupCount()) : null;
}

/** As PEFT matches the keys of rank_pattern and alpha_pattern: the whole name, or what stands behind one of its dots. */
export function endMatch(pattern: string): Pattern | null {
  return fullMatch(pattern) && fullMatch(`(.*\\.)?(${pattern})`);
}
