/** Asks before the tab is closed while an upload is under way. The upload could go on later, but not by itself. */
import { useEffect } from 'react';
import { isUnderWay } from '../uploads/upload-list.ts';
import { useUploads } from './services.ts';

export function useLeaveWarning(): void {
  const underWay = useUploads().some(isUnderWay);
  useEffect(() => {
    if (!underWay) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, [underWay]);
}
