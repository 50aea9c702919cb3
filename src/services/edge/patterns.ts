/** Path patterns with wildcards. Pure. */

/** `*` stands for any characters, `?` for one, as in CloudFront's path patterns. Linear in both lengths. */
export function matchesPattern(pattern: string, path: string): boolean {
  const text = pattern.startsWith('/') || pattern.startsWith('*') ? pattern : `/${pattern}`;
  let at = 0;
  let star = -1;
  let resume = 0;
  for (let i = 0; i < path.length; ) {
    if (at < text.length && (text[at] === '?' || (text[at] !== '*' && text[at] === path[i]))) {
      at++;
      i++;
    } else if (text[at] === '*') {
      star = at++;
      resume = i;
    } else if (star >= 0) {
      at = star + 1;
      i = ++resume;
    } else {
      return false;
    }
  }
  while (text[at] === '*') at++;
  return at === text.length;
}
