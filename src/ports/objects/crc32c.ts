/**
 * CRC-32C (Castagnoli), eight bytes a step. Knows nothing of objects or encodings.
 * Source of the parameters: RFC 3720, appendix B.4 (reflected polynomial 0x82F63B78, all ones before and after).
 */
const POLYNOMIAL = 0x82f63b78;

/** Eight tables of 256 rows in one: row `k * 256 + byte` is the CRC of `byte` followed by `k` zero bytes. */
const TABLE = buildTable();

/** Continues a CRC over more bytes; begin with 0. The value is an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array, crc = 0): number {
  const t = TABLE;
  let c = ~crc;
  let i = 0;
  for (const whole = bytes.length - (bytes.length % 8); i < whole; i += 8) {
    c ^= at(bytes, i) | (at(bytes, i + 1) << 8) | (at(bytes, i + 2) << 16) | (at(bytes, i + 3) << 24);
    c =
      row(t, 1792 + (c & 255)) ^
      row(t, 1536 + ((c >>> 8) & 255)) ^
      row(t, 1280 + ((c >>> 16) & 255)) ^
      row(t, 1024 + (c >>> 24)) ^
      row(t, 768 + at(bytes, i + 4)) ^
      row(t, 512 + at(bytes, i + 5)) ^
      row(t, 256 + at(bytes, i + 6)) ^
      row(t, at(bytes, i + 7));
  }
  for (; i < bytes.length; i++) c = row(t, (c ^ at(bytes, i)) & 255) ^ (c >>> 8);
  return ~c >>> 0;
}

function buildTable(): Int32Array {
  const table = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let c = byte;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ POLYNOMIAL : c >>> 1;
    table[byte] = c;
  }
  for (let i = 256; i < table.length; i++) {
    const c = row(table, i - 256);
    table[i] = row(table, c & 255) ^ (c >>> 8);
  }
  return table;
}

function row(table: Int32Array, index: number): number {
  return table[index] as number;
}

function at(bytes: Uint8Array, index: number): number {
  return bytes[index] as number;
}
