/** An order to the server from a button: busy while it runs, what went wrong in words, a spoken line when it is taken. */
import { useState } from 'react';
import { isMatineeError } from '../../../platform/errors.ts';
import { useActions } from '../shell/actions.ts';

export type Order = { busy: boolean; fault: string | null; give(): void };

export function useOrder<T>(
  send: () => Promise<T>,
  { spoken, onDone }: { spoken: string; onDone: (reply: T) => void },
): Order {
  const { announce } = useActions();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const give = () => {
    setBusy(true);
    setFault(null);
    send().then(
      (reply) => {
        setBusy(false);
        announce(spoken);
        onDone(reply);
      },
      (error: unknown) => {
        setBusy(false);
        setFault(faultWords(error));
      },
    );
  };
  return { busy, fault, give };
}

function faultWords(error: unknown): string {
  if (!isMatineeError(error)) return 'The server did not answer. Try again.';
  return `The server did not do it: ${error.message}.`;
}
