/** What a person would call a film, from the name of its file. Pure. */

const NAME_CHARS_MAX = 300;

/**
 * The last part of a key without its extension. Where the name has no spaces, underscores and dots stand for
 * them. Names in any script stay as they are, in composed form (Unicode NFC).
 */
export function titleName(key: string): string {
  const file = key.split('/').findLast((part) => part.trim() !== '') ?? key;
  const bare = file.replace(/(?<=.)\.[a-z0-9]{1,5}$/i, '');
  const spaced = /\s/.test(bare.trim())
    ? bare
    : bare.replaceAll(/_+|(?<=[^\d.])\.(?=[^\s.])|(?<=\d)\.(?=\D)/g, ' ');
  const name = oneLine(spaced) || oneLine(file);
  return name === '' ? 'Untitled' : [...name].slice(0, NAME_CHARS_MAX).join('');
}

/** Text that a person wrote, as it is kept and compared: one line, composed, without control characters. */
export function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .normalize('NFC');
}

/** Text to the letter, but for what PostgreSQL cannot hold. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', ' ');
}
