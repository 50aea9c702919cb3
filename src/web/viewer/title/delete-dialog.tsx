/** Asks before a film is taken out of the library, with its renditions and its master. */
import { useState } from 'react';
import { useLocation } from 'wouter';
import { callEndpoint } from '../../../contracts/call.ts';
import { deleteTitle, type Title } from '../../../contracts/titles.ts';
import { isMatineeError } from '../../../platform/errors.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { useActions } from '../shell/actions.ts';
import { useServices } from '../shell/services.ts';

export function DeleteDialog({ title, onClose }: { title: Title; onClose: () => void }) {
  const { transport, library, uploads } = useServices();
  const { announce } = useActions();
  const [, navigate] = useLocation();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const remove = async () => {
    setBusy(true);
    try {
      await uploads.removeTitle(title.id);
      await callEndpoint(transport, deleteTitle, { params: { id: title.id } }).catch((error: unknown) => {
        // Somebody else was quicker, which comes to the same.
        if (!isMatineeError(error, 'not_found')) throw error;
      });
      library.update((titles) => titles.filter(({ id }) => id !== title.id));
      announce(`${title.name} was deleted.`);
      navigate('/');
    } catch (error) {
      setBusy(false);
      setFault(isMatineeError(error) ? error.message : 'The server did not answer. Try again.');
    }
  };
  return (
    <Dialog title={`Delete “${title.name}”?`} onClose={onClose}>
      <p>
        The film leaves the library with everything made from it, and its master{' '}
        <code>{title.source.key}</code> is deleted from the store. This cannot be undone.
      </p>
      {fault === null ? null : (
        <p className="fault" role="alert">
          {fault}
        </p>
      )}
      <div className="dialog-actions">
        <button type="button" className="button quiet" onClick={onClose}>
          Keep it
        </button>
        <button type="button" className="button danger" disabled={busy} onClick={() => void remove()}>
          {busy ? 'Deleting…' : 'Delete it'}
        </button>
      </div>
    </Dialog>
  );
}
