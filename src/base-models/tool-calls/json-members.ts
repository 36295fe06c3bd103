/**
 * The members of a JSON object as they are written: numbers keep all their digits, which JSON.parse would round. Null when
 * the text is not one JSON object.
 */
export function jsonMembers(text: string): Map<string, string> | null {
  if (!isObjectText(text)) return null;
  const members = new Map<string, string>();
  const at = { offset: text.indexOf('{') + 1 };
  for (;;) {
    skip(text, at, /[\s,]/);
    if (text[at.offset] === '}') return members;
    const key = JSON.parse(value(text, at)) as string;
    skip(text, at, /[\s:]/);
    members.set(key, value(text, at));
  }
}

export function isObjectText(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** The elements of a JSON list as they are written; null when the text is not one JSON list. */
export function jsonElements(text: string): string[] | null {
  try {
    if (!Array.isArray(JSON.parse(text))) return null;
  } catch {
    return null;
  }
  const elements: string[] = [];
  const at = { offset: text.indexOf('[') + 1 };
  for (;;) {
    skip(text, at, /[\s,]/);
    if (text[at.offset] === ']') return elements;
    elements.push(value(text, at));
  }
}

/**
 * The end of the JSON value that begins at `from`, -1 while it is not complete. Only tells where to look: whether the
 * text is valid JSON is for JSON.parse to say.
 */
export function endOfValue(text: string, from: number): number {
  let depth = 0;
  let inString = false;
  for (let i = from; i < text.length; i++) {
    const character = text.charAt(i);
    if (inString) {
      if (character === '\\') i++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    if (!inString && depth === 0 && '"}]'.includes(character)) return i + 1;
    if (depth < 0 || (depth === 0 && !inString && /[\s,]/.test(character))) return i;
  }
  return -1;
}

interface Cursor {
  offset: number;
}

function value(text: string, at: Cursor): string {
  const from = at.offset;
  at.offset = endOfValue(text, from);
  return text.slice(from, at.offset);
}

function skip(text: string, at: Cursor, what: RegExp): void {
  while (what.test(text.charAt(at.offset))) at.offset++;
}
