/** Writes parameters as the query of a request target. Pure. */
import type { Fields } from './event.ts';

/** What a query cannot carry as it is, and what would end a parameter or its name. Escapes that are there stay. */
const NOT_IN_VALUE = /[^!$%'()*+,\-./:;=?@\w~[\]^`{|}]+/g;
const NOT_IN_NAME = /[^!$%'()*+,\-./:;?@\w~[\]^`{|}]+/g;
/** A UTF-16 unit is at most three bytes of UTF-8, each three characters when escaped. */
const BYTES_A_CHAR_MAX = 9;

export function queryOf(fields: Fields): string {
  return Object.entries(fields)
    .flatMap(([name, { value, multiValue }]) =>
      (multiValue ?? [{ value }]).map(
        (one) => `${escaped(name, NOT_IN_NAME)}=${escaped(one.value, NOT_IN_VALUE)}`,
      ),
    )
    .join('&');
}

/** Whether path and query together are at most `bytesMax` long. Most are so short that nothing has to be written to know. */
export function fitsTarget(uri: string, fields: Fields, bytesMax: number): boolean {
  let chars = 0;
  for (const [name, { value, multiValue }] of Object.entries(fields)) {
    for (const one of multiValue ?? [{ value }]) chars += name.length + one.value.length + 2;
  }
  if (uri.length + chars * BYTES_A_CHAR_MAX <= bytesMax) return true;
  return uri.length + 1 + queryOf(fields).length <= bytesMax;
}

function escaped(text: string, unsafe: RegExp): string {
  return text.replace(unsafe, (part) =>
    [...Buffer.from(part)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}
