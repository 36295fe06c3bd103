/*
 * Formats of strings as patterns: what they accept is in the format, but not every text of the format is accepted (no 29th
 * of February, no quoted local part of an address).
 */
const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
const BYTE = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const DATE =
  '[0-9]{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)';
const TIME = '(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])';
const COUNT = '[0-9]{1,9}';
const HOURS = `T(?:${COUNT}H(?:${COUNT}M(?:${COUNT}S)?)?|${COUNT}M(?:${COUNT}S)?|${COUNT}S)`;
const DAYS = `(?:${COUNT}Y(?:${COUNT}M(?:${COUNT}D)?)?|${COUNT}M(?:${COUNT}D)?|${COUNT}D)`;
const HEX = '[0-9a-fA-F]';

/** Those of OpenAI's structured outputs, by name. */
export const STRING_FORMATS: ReadonlyMap<string, string> = new Map([
  ['date', `^${DATE}$`],
  ['time', `^${TIME}$`],
  ['date-time', `^${DATE}T${TIME}$`],
  ['duration', `^P(?:${DAYS}(?:${HOURS})?|${HOURS}|${COUNT}W)$`],
  ['email', `^[a-zA-Z0-9_+-]{1,20}(?:\\.[a-zA-Z0-9_+-]{1,20}){0,2}@${LABEL}(?:\\.${LABEL}){0,2}\\.[a-zA-Z]{2,12}$`],
  ['hostname', `^${LABEL}(?:\\.${LABEL}){0,3}$`],
  ['ipv4', `^${BYTE}(?:\\.${BYTE}){3}$`],
  ['ipv6', `^(?:(?:${HEX}{1,4}:){7}${HEX}{1,4}|(?:${HEX}{1,4}:){1,6}:${HEX}{1,4}|::(?:${HEX}{1,4}:){0,5}${HEX}{1,4})$`],
  ['uuid', `^${HEX}{8}-${HEX}{4}-${HEX}{4}-${HEX}{4}-${HEX}{12}$`],
]);
