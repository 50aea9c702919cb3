/** A round button that shows a picture and says its name. */
import type { ReactNode } from 'react';

export type IconButtonProps = {
  label: string;
  onClick: () => void;
  children: ReactNode;
  className?: string;
  /** The key that does the same, for the tip. */
  shortcut?: string;
};

export function IconButton({ label, onClick, children, className = '', shortcut }: IconButtonProps) {
  return (
    <button
      type="button"
      className={`icon-button ${className}`.trim()}
      aria-label={label}
      title={shortcut ? `${label} (${shortcut})` : label}
      onClick={(event) => {
        // After a click with a pointer the keys belong to the film again: Space must not press this once more.
        if (event.detail > 0) event.currentTarget.blur();
        onClick();
      }}
    >
      {children}
    </button>
  );
}
