import protobuf from 'protobufjs';

/** What decoding a message would make. */
export interface MessageSize {
  readonly datums: number;
  /** Fields at any depth, and numbers of packed lists. */
  readonly fields: number;
}

const LENGTH_DELIMITED = 2;
/** The field of a map's entry that holds the value. */
const MAP_VALUE = 2;

/**
 * Counts what decoding would make, without making any of it: a few bytes can hold millions of empty messages. Stops
 * soon after a limit is passed.
 * @throws Error for bytes that are no message
 */
export function measureMessage(bytes: Uint8Array, type: protobuf.Type, limits: MessageSize): MessageSize {
  const reader = protobuf.Reader.create(bytes);
  const datum = type.fields['data'];
  const size = { datums: 0, fields: 0 };

  const walk = (parent: protobuf.Type | protobuf.MapField, end: number): void => {
    while (reader.pos < end && size.datums <= limits.datums && size.fields <= limits.fields) {
      const tag = reader.tag();
      size.fields++;
      if ((tag & 7) !== LENGTH_DELIMITED) {
        reader.skipType(tag & 7, 0, tag >>> 3);
        continue;
      }
      const length = reader.uint32();
      const start = reader.pos;
      reader.skip(length);
      const field = parent instanceof protobuf.Type ? parent.fieldsById[tag >>> 3] : undefined;
      if (field === datum) size.datums++;
      if (field?.repeated === true && field.resolvedType === null) size.fields += length;
      const child = childOf(parent, field, tag >>> 3);
      if (!child) continue;
      reader.pos = start;
      walk(child, start + length);
    }
  };

  walk(type, bytes.length);
  return size;
}

/** What a field's bytes are, where they are a message or the entry of a map. */
function childOf(
  parent: protobuf.Type | protobuf.MapField,
  field: protobuf.Field | undefined,
  id: number,
): protobuf.Type | protobuf.MapField | undefined {
  if (field instanceof protobuf.MapField) return field;
  const valueOf = parent instanceof protobuf.MapField && id === MAP_VALUE ? parent : field;
  return valueOf?.resolvedType instanceof protobuf.Type ? valueOf.resolvedType : undefined;
}
