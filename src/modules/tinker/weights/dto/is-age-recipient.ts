import { buildMessage, ValidateBy, type ValidationOptions } from 'class-validator';
import { isAgeRecipient } from '../../../../formats/age-encryption.js';

export function IsAgeRecipient(options: ValidationOptions): PropertyDecorator {
  const expected = 'must be an age public key such as age1..., created with age-keygen; SSH keys are not supported';
  const validator = {
    validate: (value: unknown) => typeof value === 'string' && isAgeRecipient(value),
    defaultMessage: buildMessage((each) => `${each}$property ${expected}`, options),
  };
  return ValidateBy({ name: 'isAgeRecipient', validator }, options);
}
