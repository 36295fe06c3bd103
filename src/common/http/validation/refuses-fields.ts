import { registerDecorator } from 'class-validator';
import { describe } from '../../json/json-fields.js';

/**
 * On a DTO class: fields that change what is computed and are not done here, by name, each with the values that ask for
 * nothing. Any other value is refused, although unknown fields are ignored: the answer would be another one than was
 * asked for. Empty lists and objects ask for nothing, too.
 */
export function RefusesFields(fields: Readonly<Record<string, readonly unknown[]>>): ClassDecorator {
  return (target) => {
    for (const [propertyName, harmless] of Object.entries(fields)) {
      const alternative = harmless.length === 0 ? '' : ` or ${harmless.map(describe).join(' or ')}`;
      registerDecorator({
        name: 'isDoneHere',
        target,
        propertyName,
        validator: {
          validate: (value: unknown) => asksForNothing(value) || harmless.includes(value),
          defaultMessage: () =>
            `${propertyName} must be omitted${alternative}, because this server does not support it`,
        },
      });
    }
  };
}

function asksForNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
