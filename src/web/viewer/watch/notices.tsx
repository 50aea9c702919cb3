/** Short answers to keys and taps: how far it jumped, how loud it is. They go by themselves. */
import { ChevronsLeft, ChevronsRight, Pause, Play } from 'lucide-react';
import { useCallback, useRef, useState } from 'react';

export type Notice =
  | { kind: 'words'; text: string }
  | { kind: 'jump'; seconds: number }
  | { kind: 'play' | 'pause' };

export type ShownNotice = { notice: Notice; number: number };

const SHOWN_MS = 900;

export function useNotice(): [ShownNotice | null, (notice: Notice) => void] {
  const [shown, setShown] = useState<ShownNotice | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const show = useCallback((notice: Notice) => {
    clearTimeout(timer.current);
    // A new number starts the animation anew when the same thing is said twice.
    setShown((before) => ({ notice, number: (before?.number ?? 0) + 1 }));
    timer.current = setTimeout(() => setShown(null), SHOWN_MS);
  }, []);
  return [shown, show];
}

/** Words are read out; what a jump or a pause did can be heard from the film. */
export function NoticeView({ shown }: { shown: ShownNotice | null }) {
  const notice = shown?.notice;
  return (
    <>
      <div className="notice-words" role="status">
        {notice?.kind === 'words' ? <span key={shown?.number}>{notice.text}</span> : null}
      </div>
      {notice && notice.kind !== 'words' ? <Sign key={shown?.number} notice={notice} /> : null}
    </>
  );
}

function Sign({ notice }: { notice: Exclude<Notice, { kind: 'words' }> }) {
  if (notice.kind !== 'jump') {
    return (
      <div className="notice-sign" aria-hidden="true">
        {notice.kind === 'play' ? <Play fill="currentColor" /> : <Pause fill="currentColor" />}
      </div>
    );
  }
  const back = notice.seconds < 0;
  return (
    <div className={back ? 'notice-sign notice-back' : 'notice-sign notice-on'} aria-hidden="true">
      {back ? <ChevronsLeft /> : <ChevronsRight />}
      <span>{Math.abs(notice.seconds)} s</span>
    </div>
  );
}
