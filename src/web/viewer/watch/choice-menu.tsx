/** A button with a list of choices of which one holds. Arrow keys move in the list, Escape closes it. */
import { Check } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef } from 'react';

export type Choice = { id: string; name: string; note?: string };

export type ChoiceMenuProps = {
  label: string;
  icon: ReactNode;
  choices: readonly Choice[];
  chosen: string;
  open: boolean;
  onToggle: (open: boolean) => void;
  onChoose: (id: string) => void;
};

export function ChoiceMenu({ label, icon, choices, chosen, open, onToggle, onChoose }: ChoiceMenuProps) {
  const list = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  useEffect(() => {
    if (!open) return;
    const items = list.current;
    items?.querySelector<HTMLElement>('[aria-checked=true], [role=menuitemradio]')?.focus();
  }, [open]);
  const close = () => {
    onToggle(false);
    button.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') close();
    else if (event.key === 'ArrowDown' || event.key === 'ArrowUp')
      moveFocus(list.current, event.key === 'ArrowDown' ? 1 : -1);
    else if (event.key !== 'Enter' && event.key !== ' ' && event.key !== 'Tab') return;
    event.stopPropagation();
    if (event.key !== 'Enter' && event.key !== ' ' && event.key !== 'Tab') event.preventDefault();
  };
  return (
    <div className="choice">
      <button
        ref={button}
        type="button"
        className="icon-button"
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => onToggle(!open)}
      >
        {icon}
      </button>
      {open ? (
        <div ref={list} id={id} className="choice-list" role="menu" aria-label={label} onKeyDown={onKeyDown}>
          <p aria-hidden="true">{label}</p>
          {choices.map((choice) => (
            <button
              key={choice.id}
              type="button"
              role="menuitemradio"
              aria-checked={choice.id === chosen}
              onClick={() => {
                onChoose(choice.id);
                close();
              }}
            >
              <Check className="choice-check" aria-hidden="true" />
              <span>{choice.name}</span>
              {choice.note ? <small>{choice.note}</small> : null}
            </button>
          ))}
        </div>
      ) : null}
    </div>
  );
}

function moveFocus(list: HTMLElement | null, step: number): void {
  const items = [...(list?.querySelectorAll<HTMLElement>('[role=menuitemradio]') ?? [])];
  const at = items.indexOf(document.activeElement as HTMLElement);
  items[(at + step + items.length) % items.length]?.focus();
}
