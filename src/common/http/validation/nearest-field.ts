import { getMetadataStorage } from 'class-validator';
import { nearestName } from '../../json/nearest-name.js';

/** The field of the DTO that `name` was probably meant to be; null if none is near. */
export function nearestField(dto: object | undefined, name: string): string | null {
  if (!dto) return null;
  const rules = getMetadataStorage().getTargetValidationMetadatas(dto.constructor, '', true, false);
  return nearestName(name, [...new Set(rules.map(({ propertyName }) => propertyName))]);
}
