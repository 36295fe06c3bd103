const ACCEPTS_UNKNOWN_FIELDS = Symbol('accepts unknown fields');

/**
 * On a DTO class: fields it does not know are dropped instead of being refused (for clients that are newer than we are). On a
 * controller: query parameters that its routes do not know are.
 */
export const AcceptsUnknownFields = (): ClassDecorator => (target) => {
  Reflect.defineMetadata(ACCEPTS_UNKNOWN_FIELDS, true, target);
};

export function acceptsUnknownFields(target: object): boolean {
  return Reflect.getMetadata(ACCEPTS_UNKNOWN_FIELDS, target) === true;
}
