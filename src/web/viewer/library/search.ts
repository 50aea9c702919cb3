/** Finds films by words of their name or file name, whatever their case and accents. */
import type { Title } from '../../../contracts/titles.ts';

export function searchTitles(titles: readonly Title[], search: string): readonly Title[] {
  const words = folded(search).split(/\s+/).filter(Boolean);
  if (words.length === 0) return titles;
  return titles.filter(({ name, source }) => {
    const text = folded(`${name} ${source.key}`);
    return words.every((word) => text.includes(word));
  });
}

function folded(text: string): string {
  return text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLocaleLowerCase('en');
}
