/** Header fields as lists of lower-case names and values, in the order they came in. Pure functions. */
export type Fields = ReadonlyArray<readonly [name: string, value: string]>;

/** The value of a field, its lines joined (RFC 9110 section 5.3); undefined when it is not there. */
export function fieldOf(fields: Fields, name: string): string | undefined {
  let joined: string | undefined;
  for (const [key, value] of fields) {
    if (key === name) joined = joined === undefined ? value : `${joined}, ${value}`;
  }
  return joined;
}

/** Names in a comma-separated list, in lower case; empty members are passed over. */
export function namesIn(list: string | undefined): string[] {
  if (list === undefined) return [];
  return list
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
}

/** Of the connection and not of the message (RFC 9110 section 7.6.1, RFC 9111 section 3.1); never passed on. */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** The fields that go from end to end: without those of the connection and those that `Connection` names. */
export function endToEnd(fields: Fields): Fields {
  const named = new Set(namesIn(fieldOf(fields, 'connection')));
  return fields.filter(([name]) => !HOP_BY_HOP.has(name) && !named.has(name));
}

/** Node's flat list of names and values as fields. */
export function fieldsFromRaw(raw: readonly string[]): Fields {
  const fields: Array<readonly [string, string]> = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    fields.push([(raw[i] as string).toLowerCase(), raw[i + 1] as string]);
  }
  return fields;
}
