/** Language tags from what files and their names carry. Pure. */

/**
 * BCP 47 from what containers carry: ISO 639-2 in either form (`ger` and `deu` give `de`), 639-1, or a tag.
 * The mapping is CLDR's, by way of `Intl`. Anything else gives `und`.
 */
export function languageOf(given: string | undefined): string {
  const text = (given ?? '').trim().replaceAll('_', '-');
  if (text === '' || /^(und|unk|xxx|```)/i.test(text)) return 'und';
  try {
    const tag = Intl.getCanonicalLocales(text)[0] ?? 'und';
    // A name like "english" is well-formed too, but no language code has more than three letters.
    return /^[a-z]{2,3}(-|$)/.test(tag) ? tag : 'und';
  } catch {
    // A tag that is not well-formed says nothing of the language.
    return 'und';
  }
}

/** The same, for words that may be something else: only languages that have a name. */
export function knownLanguage(given: string): string | undefined {
  const tag = languageOf(given);
  if (tag === 'und') return undefined;
  const names = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' });
  return names.of(tag.split('-')[0] ?? tag) === undefined ? undefined : tag;
}
