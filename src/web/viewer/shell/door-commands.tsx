/** The exact commands that put a film in with the AWS CLI, ready to copy. */
import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { type About, getAbout } from '../../../contracts/about.ts';
import { callEndpoint } from '../../../contracts/call.ts';
import { useServices } from './services.ts';

const BUCKET = 'netflix-content-bucket';

export function DoorCommands() {
  const { transport } = useServices();
  const [about, setAbout] = useState<About | null>(null);
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    callEndpoint(transport, getAbout, {}, stop.signal).then(setAbout, () => undefined);
    return () => stop.abort();
  }, [transport]);
  if (!about) return null;
  const text = commands(about);
  const copy = async () => {
    // Only there on https and localhost; elsewhere the text can be marked by hand.
    await navigator.clipboard?.writeText(text);
    setCopied(true);
  };
  return (
    <div className="commands">
      <pre>
        <code>{text}</code>
      </pre>
      {'clipboard' in navigator ? (
        <button
          type="button"
          className="icon-button"
          aria-label={copied ? 'Copied' : 'Copy the commands'}
          onClick={() => void copy().catch(() => undefined)}
        >
          {copied ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
        </button>
      ) : null}
    </div>
  );
}

function commands({ door, credentials }: About): string {
  const file = credentials ?? 'data/credentials';
  return [
    `export AWS_SHARED_CREDENTIALS_FILE=${quoted(file)}`,
    `aws --endpoint-url ${door} s3 mb s3://${BUCKET}`,
    `aws --endpoint-url ${door} s3 cp mymovie.mp4 s3://${BUCKET}/`,
  ].join('\n');
}

function quoted(path: string): string {
  return /^[\w./~-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
