/** Whether the viewer has left pointer and keys alone for a while, so that the controls may go. */
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';

const IDLE_MS = 3000;
/** Who moves through the controls by keys, or rests the pointer on them, is using them. */
const IN_USE = '.watch-top :focus-visible, .controls :focus-visible';
const POINTED_AT = '.controls:hover, .watch-back:hover';

export type Idle = { idle: boolean; stir: () => void; hide: () => void };

export function useIdle(stage: RefObject<HTMLElement | null>, mayHide: boolean): Idle {
  const [idle, setIdle] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const stir = useCallback(() => {
    clearTimeout(timer.current);
    setIdle(false);
    timer.current = setTimeout(() => {
      // A finger leaves its hover behind where it last was.
      const pointed = matchMedia('(hover: hover)').matches && stage.current?.querySelector(POINTED_AT);
      if (pointed || stage.current?.querySelector(IN_USE)) stir();
      else setIdle(true);
    }, IDLE_MS);
  }, [stage]);
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
