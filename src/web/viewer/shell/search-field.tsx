/** The search of the library, in the bar of every page; the words are in the address, so that Back keeps them. */
import { Search } from 'lucide-react';
import { useLocation, useSearchParams } from 'wouter';

export const SEARCH_FIELD_ID = 'search';

export function SearchField() {
  const [path, navigate] = useLocation();
  const [query] = useSearchParams();
  const words = path === '/' ? (query.get('q') ?? '') : '';
  const search = (next: string) => {
    navigate(next === '' ? '/' : `/?${new URLSearchParams({ q: next })}`, { replace: path === '/' });
  };
  return (
    <search className="search">
      <Search aria-hidden="true" />
      <input
        id={SEARCH_FIELD_ID}
        type="search"
        placeholder="Search"
        aria-label="Search the library"
        autoComplete="off"
        spellCheck={false}
        value={words}
        onChange={({ target }) => search(target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          if (words !== '') search('');
          event.currentTarget.blur();
        }}
      />
      <span className="search-key" aria-hidden="true">
        <kbd>/</kbd>
      </span>
    </search>
  );
}
