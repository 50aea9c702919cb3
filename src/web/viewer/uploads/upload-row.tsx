/** One upload: how far it is, what holds it, and the buttons that make sense now. */
import { Pause, Play, RotateCw, X } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { Dialog } from '../../ui/dialog.tsx';
import { formatBytes, formatPercent, formatSpeed, formatTimeLeft } from '../../ui/formats.ts';
import { ProgressBar } from '../../ui/progress-bar.tsx';
import { useActions } from '../shell/actions.ts';
import { useServices } from '../shell/services.ts';
import type { UploadView } from './upload-list.ts';

export function UploadRow({ upload }: { upload: UploadView }) {
  const { uploads, library } = useServices();
  const { chooseFiles } = useActions();
  const [asking, setAsking] = useState(false);
  const { key, name, phase, sent, size } = upload;
  const remove = () => {
    setAsking(false);
    void uploads.remove(key).then(() => library.refresh());
  };
  const nothingToLose = phase === 'done' || (phase === 'failed' && sent === 0);
  return (
    <li className="upload" data-testid="upload" data-phase={phase}>
      <p className="upload-name">
        {phase === 'done' && upload.titleId ? <Link href={`/title/${upload.titleId}`}>{name}</Link> : name}
      </p>
      <div className="upload-buttons">
        {phase === 'queued' || phase === 'sending' || phase === 'waiting' ? (
          <IconButton label={`Pause ${name}`} icon={<Pause />} onClick={() => uploads.pause(key)} />
        ) : null}
        {phase === 'paused' ? (
          <IconButton label={`Go on with ${name}`} icon={<Play />} onClick={() => uploads.resume(key)} />
        ) : null}
        {phase === 'failed' ? (
          <IconButton label={`Try ${name} again`} icon={<RotateCw />} onClick={() => uploads.resume(key)} />
        ) : null}
        {phase === 'finishing' ? null : (
          <IconButton
            label={nothingToLose ? `Take ${name} off this list` : `Give up the upload of ${name}`}
            icon={<X />}
            onClick={nothingToLose ? remove : () => setAsking(true)}
          />
        )}
      </div>
      {phase === 'done' ? null : (
        <ProgressBar
          label={`Upload of ${name}`}
          part={sent / size}
          still={phase !== 'sending' && phase !== 'finishing'}
        />
      )}
      <p className={phase === 'failed' ? 'upload-words fault' : 'upload-words'}>{words(upload)}</p>
      {phase === 'interrupted' ? (
        <button type="button" className="link-button" onClick={chooseFiles}>
          Choose the file
        </button>
      ) : null}
      {asking ? (
        <Dialog title={`Give up the upload of “${name}”?`} onClose={() => setAsking(false)}>
          <p>{formatBytes(sent)} have been sent. They are thrown away.</p>
          <div className="dialog-actions">
            <button type="button" className="button quiet" onClick={() => setAsking(false)}>
              Keep it
            </button>
            <button type="button" className="button danger" onClick={remove}>
              Give it up
            </button>
          </div>
        </Dialog>
      ) : null}
    </li>
  );
}

function IconButton({ label, icon, onClick }: { label: string; icon: React.ReactNode; onClick: () => void }) {
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} onClick={onClick}>
      {icon}
    </button>
  );
}

function words({ phase, name, sent, size, bytesPerS, etaS, words: said }: UploadView): string {
  const far = `${formatBytes(sent)} of ${formatBytes(size)}`;
  switch (phase) {
    case 'queued':
      return 'Waits for its turn';
    case 'sending': {
      const speed = bytesPerS === null ? null : formatSpeed(bytesPerS);
      return [far, speed, etaS === null ? null : formatTimeLeft(etaS)].filter(Boolean).join(' · ');
    }
    case 'waiting':
    case 'failed':
      return said ?? '';
    case 'paused':
      return `Paused at ${far}`;
    case 'finishing':
      return 'Being put together on the server';
    case 'done':
      return `Uploaded, ${formatBytes(size)}`;
    case 'interrupted':
      return `Broken off at ${formatPercent(sent / size)}. Drop “${name}” again to go on.`;
  }
}
