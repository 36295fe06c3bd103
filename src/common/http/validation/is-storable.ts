import { buildMessage, ValidateBy } from 'class-validator';

/**
 * Text that Postgres can hold, also within lists and objects. It takes neither NUL nor half a surrogate pair, and says
 * so only when the row is written.
 */
export function IsStorable(): PropertyDecorator {
  return ValidateBy({
    name: 'isStorable',
    validator: {
      validate: isStorable,
      defaultMessage: buildMessage(() => '$property must be text without NUL bytes and unpaired surrogates'),
    },
  });
}

export function isStorable(value: unknown): boolean {
  const open = [value];
  while (open.length > 0) {
    const one = open.pop();
    if (typeof one === 'string' && (one.includes('\0') || /\p{Surrogate}/u.test(one))) return false;
    if (typeof one !== 'object' || one === null) continue;
    for (const [key, inner] of Object.entries(one)) open.push(key, inner);
  }
  return true;
}
