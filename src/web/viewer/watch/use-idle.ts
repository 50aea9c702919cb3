/** Whether the viewer has left pointer and keys alone for a while, so that the controls may go. */
import { useCallback, useEffect, useRef, useState } from 'react';

const IDLE_MS = 3000;

export function useIdle(mayHide: boolean): { idle: boolean; stir: () => void; hide: () => void } {
  const [idle, setIdle] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const stir = useCallback(() => {
    clearTimeout(timer.current);
    setIdle(false);
    timer.current = setTimeout(() => setIdle(true), IDLE_MS);
  }, []);
  const hide = useCallback(() => {
    clearTimeout(timer.current);
    setIdle(true);
  }, []);
  useEffect(() => {
    stir();
    return () => clearTimeout(timer.current);
  }, [stir]);
  return { idle: idle && mayHide, stir, hide };
}
