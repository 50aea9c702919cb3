/** The uploads of this tab and what earlier visits left, docked at the corner of every page. */
import './uploads.css';
import { ChevronDown, ChevronUp } from 'lucide-react';
import { useState } from 'react';
import { formatPercent } from '../../ui/formats.ts';
import { useUploads } from '../shell/services.ts';
import { isUnderWay, type UploadView } from './upload-list.ts';
import { UploadRow } from './upload-row.tsx';

export type UploadsPanelProps = { refusals: readonly string[]; onRefusalsSeen: () => void };

export function UploadsPanel({ refusals, onRefusalsSeen }: UploadsPanelProps) {
  const uploads = useUploads();
  const [open, setOpen] = useState(true);
  if (uploads.length === 0 && refusals.length === 0) return null;
  return (
    <aside className="uploads" aria-label="Uploads">
      <h2>
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
          <span>{summary(uploads)}</span>
          {open ? (
            <ChevronDown className="uploads-fold" aria-hidden="true" />
          ) : (
            <ChevronUp className="uploads-fold" aria-hidden="true" />
          )}
        </button>
      </h2>
      {open ? (
        <>
          {refusals.length > 0 ? (
            <div className="upload-refusals" role="alert">
              {refusals.map((words) => (
                <p key={words}>{words}</p>
              ))}
              <button type="button" className="link-button" onClick={onRefusalsSeen}>
                All right
              </button>
            </div>
          ) : null}
          <ul>
            {uploads.map((upload) => (
              <UploadRow key={upload.key} upload={upload} />
            ))}
          </ul>
        </>
      ) : null}
      <p className="visually-hidden" role="status">
        {milestone(uploads)}
      </p>
    </aside>
  );
}

function summary(uploads: readonly UploadView[]): string {
  const running = uploads.filter(isUnderWay);
  if (running.length > 0) {
    const sent = running.reduce((sum, upload) => sum + upload.sent, 0);
    const size = running.reduce((sum, upload) => sum + upload.size, 0);
    return `Uploading ${running.length === 1 ? 'a film' : `${running.length} films`}, ${formatPercent(sent / size)}`;
  }
  const left = uploads.filter(({ phase }) => phase !== 'done').length;
  if (left > 0) return left === 1 ? 'An unfinished upload' : `${left} unfinished uploads`;
  return uploads.length === 0 ? 'Not uploaded' : 'Uploaded';
}

/** What is said aloud: each quarter and each end, no more. */
function milestone(uploads: readonly UploadView[]): string {
  const current = uploads.find(({ phase }) => phase === 'sending' || phase === 'waiting');
  if (current) {
    if (current.words !== null) return `${current.name}: ${current.words}`;
    const quarter = Math.floor((current.sent / current.size) * 4) * 25;
    return quarter > 0 && quarter < 100 ? `${current.name}: ${quarter} % uploaded` : '';
  }
  const last = uploads.at(-1);
  if (last?.phase === 'done') return `${last.name} is uploaded.`;
  return last?.phase === 'failed' ? `${last.name}: ${last.words}` : '';
}
