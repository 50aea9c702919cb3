/** What a viewer reads of a track, and its language: cleaned, so that any master's tags can stand in any manifest. */

/**
 * One line in composed form without control characters, halves of surrogate pairs and noncharacters, which neither
 * playlists (RFC 8216bis, 4.1) nor XML 1.0 can hold.
 */
export function plainLabel(label: string): string {
  return label
    .normalize('NFC')
    .toWellFormed()
    .replaceAll(/[\p{Cc}\uFFFE\uFFFF\s]+/gu, ' ')
    .trim();
}

/** The same labels, but those that came before get a number, as names of one group must differ. */
export function distinctLabels(labels: readonly string[]): string[] {
  const used = new Set<string>();
  return labels.map((label) => {
    let unique = label;
    for (let n = 2; used.has(unique); n++) unique = `${label} ${n}`;
    used.add(unique);
    return unique;
  });
}

/** A language tag that manifests can hold, or undefined when there is nothing to say. */
export function languageTag(language: string): string | undefined {
  const isTag = /^[a-z]{2,8}(-[a-z0-9]{1,8})*$/i.test(language);
  return isTag && language.toLowerCase() !== 'und' ? language : undefined;
}
