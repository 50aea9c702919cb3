/** The name of a film, which its page lets one change in place. */
import { Check, Pencil, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { callEndpoint } from '../../../contracts/call.ts';
import { editTitle, type Title } from '../../../contracts/titles.ts';
import { isMatineeError } from '../../../platform/errors.ts';
import type { Poller } from '../polling/poller.ts';
import { useActions } from '../shell/actions.ts';
import { useServices } from '../shell/services.ts';

const NAME_LENGTH_MAX = 300;

export function TitleName({ title, poller }: { title: Title; poller: Poller<Title> }) {
  const [editing, setEditing] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const edited = useRef(false);
  useEffect(() => {
    if (editing) edited.current = true;
    else if (edited.current) button.current?.focus();
  }, [editing]);
  if (editing) return <NameForm title={title} poller={poller} onEnd={() => setEditing(false)} />;
  return (
    <div className="title-name">
      <h1>{title.name}</h1>
      <button
        type="button"
        className="icon-button"
        ref={button}
        aria-label="Change the name"
        title="Change the name"
        onClick={() => setEditing(true)}
      >
        <Pencil aria-hidden="true" />
      </button>
    </div>
  );
}

type NameFormProps = { title: Title; poller: Poller<Title>; onEnd: () => void };

function NameForm({ title, poller, onEnd }: NameFormProps) {
  const { transport, library } = useServices();
  const { announce } = useActions();
  const [name, setName] = useState(title.name);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const save = async () => {
    const wanted = name.trim();
    if (wanted === '' || busy) return;
    if (wanted === title.name) return onEnd();
    setBusy(true);
    try {
      const call = { params: { id: title.id }, body: { name: wanted } };
      const changed = await callEndpoint(transport, editTitle, call);
      poller.update(() => changed);
      library.update((titles) => titles.map((other) => (other.id === changed.id ? changed : other)));
      announce(`The name is now ${changed.name}.`);
      onEnd();
    } catch (error) {
      setBusy(false);
      setFault(isMatineeError(error) ? error.message : 'The server did not answer. Try again.');
    }
  };
  return (
    <form
      className="title-name"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <h1 className="visually-hidden">{title.name}</h1>
      <input
        value={name}
        aria-label="Name of the film"
        maxLength={NAME_LENGTH_MAX}
        // biome-ignore lint/a11y/noAutofocus: the field replaces the button that was just pressed.
        autoFocus
        onFocus={({ target }) => target.select()}
        onChange={({ target }) => setName(target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onEnd();
        }}
      />
      <button
        type="submit"
        className="icon-button"
        aria-label="Save the name"
        disabled={name.trim() === '' || busy}
      >
        <Check aria-hidden="true" />
      </button>
      <button type="button" className="icon-button" aria-label="Leave the name as it was" onClick={onEnd}>
        <X aria-hidden="true" />
      </button>
      {fault === null ? null : (
        <p className="fault" role="alert">
          {fault}
        </p>
      )}
    </form>
  );
}
