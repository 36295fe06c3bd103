import { buildMessage, ValidateBy, type ValidationOptions } from 'class-validator';
import { isAgeRecipient } from '../../../../formats/age-encryption.js';

export function IsAgeRecipient(options: ValidationOptions): PropertyDecorator {
  const expected = 'must be a public key of age, like age1..., which age-keygen makes; SSH keys are not taken';
  const validator = {
    validate: (value: unknown) => typeof value === 'string' && isAgeRecipient(value),
    defaultMessage: buildMessage((each) => `${each}$property ${expected}`, options),
  };
  return ValidateBy({ name: 'isAgeRecipient', validator }, options);
}
