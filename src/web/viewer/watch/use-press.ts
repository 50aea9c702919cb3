/**
 * A mouse plays and pauses, and twice fills the screen; a finger shows the controls, and twice at a side of the
 * picture it jumps.
 */
import { type PointerEvent, useRef } from 'react';

/** Two taps within this time are one gesture. */
const DOUBLE_TAP_MS = 300;
/** The middle of the picture belongs to neither side. */
const SIDE_PART = 0.4;

export type Press = {
  onTap: () => void;
  onDoubleTap: (side: 'left' | 'right') => void;
  onClick: () => void;
  onDoubleClick: () => void;
};

export function usePress({ onTap, onDoubleTap, onClick, onDoubleClick }: Press) {
  const pointer = useRef('');
  const lastTapMs = useRef(Number.NEGATIVE_INFINITY);
  const onPointerUp = (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0) return;
    pointer.current = event.pointerType;
    if (event.pointerType === 'mouse') return onClick();
    const twice = event.timeStamp - lastTapMs.current < DOUBLE_TAP_MS;
    lastTapMs.current = event.timeStamp;
    const box = event.currentTarget.getBoundingClientRect();
    const part = (event.clientX - box.left) / box.width;
    if (twice && part < SIDE_PART) onDoubleTap('left');
    else if (twice && part > 1 - SIDE_PART) onDoubleTap('right');
    else onTap();
  };
  return {
    onPointerUp,
    // Browsers report two taps as a double click as well.
    onDoubleClick: () => pointer.current === 'mouse' && onDoubleClick(),
  };
}
