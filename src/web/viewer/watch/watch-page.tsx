/** The film fills the window; controls lie over it and go away while it plays. */
import './watch.css';
import { ArrowLeft, LoaderCircle, VolumeX } from 'lucide-react';
import { type PointerEvent, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { KeyAction } from '../../player/keys.ts';
import { usePageTitle } from '../shell/navigation.ts';
import { useTitle } from '../title/use-title.ts';
import { Controls, type MenuName } from './controls.tsx';
import { FaultPanel, KeysDialog, Stats } from './overlays.tsx';
import { useFilmKeys } from './use-film-keys.ts';
import { useIdle } from './use-idle.ts';
import { useMediaSession } from './use-media-session.ts';
import { usePlayback } from './use-playback.ts';

const TAP_JUMP_S = 10;
/** Two taps within this time are one gesture. */
const DOUBLE_TAP_MS = 300;

export function WatchPage({ titleId }: { titleId: string }) {
  const video = useRef<HTMLVideoElement>(null);
  const stage = useRef<HTMLElement>(null);
  const [menu, setMenu] = useState<MenuName | null>(null);
  const [showsStats, setShowsStats] = useState(false);
  const [showsKeys, setShowsKeys] = useState(false);
  const [, navigate] = useLocation();
  const { value: title } = useTitle(titleId);
  const { state, actions, playback, retry } = usePlayback(titleId, video, stage);
  const { idle, stir, hide } = useIdle(state.phase === 'playing' && menu === null);
  const back = `/title/${titleId}`;
  usePageTitle(title?.name ?? null);
  useMediaSession(title, actions);

  const close = () => {
    if (menu !== null) setMenu(null);
    else if (showsStats) setShowsStats(false);
    else if (!document.fullscreenElement) navigate(back);
  };
  useFilmKeys((action: KeyAction) => {
    stir();
    if (actions.byKey(action)) return;
    if (action.do === 'toggle-stats') setShowsStats((shown) => !shown);
    if (action.do === 'toggle-keys') setShowsKeys((shown) => !shown);
    if (action.do === 'close') close();
  });
  const press = usePress({
    onTap: () => (idle ? stir() : hide()),
    onDoubleTap: (side) => actions.seekBy(side === 'left' ? -TAP_JUMP_S : TAP_JUMP_S),
    onClick: () => (menu === null ? actions.togglePlay() : setMenu(null)),
  });

  return (
    <main
      ref={stage}
      id="main"
      tabIndex={-1}
      className={idle ? 'theater watch idle' : 'theater watch'}
      onPointerMove={(event) => event.pointerType === 'mouse' && stir()}
      onFocus={stir}
    >
      <h1 className="visually-hidden">{title?.name ?? 'Film'}</h1>
      {/* biome-ignore lint/a11y/useMediaCaption: the engine draws the captions of the film's own tracks. */}
      <video
        ref={video}
        data-testid="video"
        playsInline
        onPointerUp={press}
        onDoubleClick={actions.toggleFullscreen}
      />
      {state.buffering && !state.fault ? (
        <div className="waiting" role="status">
          <LoaderCircle aria-hidden="true" />
          <span className="visually-hidden">Loading</span>
        </div>
      ) : null}
      <div className="watch-top">
        <Link href={back} className="watch-back">
          <ArrowLeft aria-hidden="true" />
          <span>{title?.name ?? 'Back'}</span>
        </Link>
      </div>
      {state.soundForbidden ? (
        <button type="button" className="button unmute" onClick={actions.toggleMute}>
          <VolumeX aria-hidden="true" />
          Turn the sound on
        </button>
      ) : null}
      {showsStats ? <Stats state={state} /> : null}
      {state.fault ? (
        <FaultPanel fault={state.fault} back={back} onRetry={retry} />
      ) : (
        <div className="watch-bottom">
          <Controls
            state={state}
            actions={actions}
            thumbnails={playback?.thumbnails ?? null}
            menu={menu}
            onMenu={setMenu}
          />
        </div>
      )}
      {showsKeys ? <KeysDialog onClose={() => setShowsKeys(false)} /> : null}
    </main>
  );
}

type Press = {
  onTap: () => void;
  onDoubleTap: (side: 'left' | 'right') => void;
  onClick: () => void;
};

/** A mouse plays and pauses; a finger shows the controls, and twice at a side of the picture it jumps. */
function usePress({ onTap, onDoubleTap, onClick }: Press) {
  const lastTapMs = useRef(Number.NEGATIVE_INFINITY);
  return (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0) return;
    if (event.pointerType === 'mouse') return onClick();
    const twice = event.timeStamp - lastTapMs.current < DOUBLE_TAP_MS;
    lastTapMs.current = event.timeStamp;
    if (!twice) return onTap();
    const box = event.currentTarget.getBoundingClientRect();
    onDoubleTap(event.clientX - box.left < box.width / 2 ? 'left' : 'right');
  };
}
