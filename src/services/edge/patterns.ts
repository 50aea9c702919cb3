/** Patterns with wildcards. Pure, and linear in the length of the pattern times that of the text at worst. */

/** `*` stands for any characters, `?` for one. */
export function matchesWildcards(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let starText = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      starText = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++starText;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** A path pattern as CloudFront reads it: the first slash may be left out. */
export function matchesPattern(pattern: string, path: string): boolean {
  const isWhole = pattern.startsWith('/') || pattern.startsWith('*');
  return matchesWildcards(isWhole ? pattern : `/${pattern}`, path);
}
