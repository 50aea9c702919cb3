/** The film fills the window; controls lie over it and go away while it plays. */
import './watch.css';
import './controls.css';
import { ArrowLeft, LoaderCircle, VolumeX } from 'lucide-react';
import { type CSSProperties, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { KeyAction } from '../../player/keys.ts';
import { usePageTitle } from '../shell/navigation.ts';
import { useTitle } from '../title/use-title.ts';
import { Controls, type MenuName } from './controls.tsx';
import { JUMP_S, JumpBack, JumpOn } from './jump-buttons.tsx';
import { NoticeView, useNotice } from './notices.tsx';
import { FaultPanel, KeysDialog, Stats } from './overlays.tsx';
import { PlayButton } from './play-button.tsx';
import { useFilmKeys } from './use-film-keys.ts';
import { useIdle } from './use-idle.ts';
import { useMediaSession } from './use-media-session.ts';
import { usePlayback } from './use-playback.ts';
import { usePress } from './use-press.ts';
import { useWakeLock } from './use-wake-lock.ts';

export function WatchPage({ titleId }: { titleId: string }) {
  const video = useRef<HTMLVideoElement>(null);
  const stage = useRef<HTMLElement>(null);
  const film = useRef<HTMLDivElement>(null);
  const [menu, setMenu] = useState<MenuName | null>(null);
  const [showsStats, setShowsStats] = useState(false);
  const [showsKeys, setShowsKeys] = useState(false);
  const [notice, say] = useNotice();
  const [, navigate] = useLocation();
  const { value: title } = useTitle(titleId);
  const { state, actions, playback, retry } = usePlayback({ titleId, video, stage, film, say });
  const { idle, stir, hide } = useIdle(stage, state.phase === 'playing' && menu === null);
  const back = `/title/${titleId}`;
  usePageTitle(title?.name ?? null);
  useMediaSession(title, actions);
  useWakeLock(state.phase === 'playing');

  const close = () => {
    if (menu !== null) setMenu(null);
    else if (showsStats) setShowsStats(false);
    else if (!document.fullscreenElement) navigate(back);
  };
  useFilmKeys((action: KeyAction) => {
    if (action.do === 'toggle-stats') setShowsStats((shown) => !shown);
    else if (action.do === 'toggle-keys') setShowsKeys((shown) => !shown);
    else if (action.do === 'close') close();
    else {
      stir();
      actions.byKey(action);
    }
  });
  const press = usePress({
    onTap: () => {
      if (menu !== null) setMenu(null);
      else if (idle) stir();
      else hide();
    },
    onDoubleTap: (side) => {
      const seconds = side === 'left' ? -JUMP_S : JUMP_S;
      actions.seekBy(seconds);
      say({ kind: 'jump', seconds });
    },
    onClick: () => {
      if (menu !== null) setMenu(null);
      else actions.byKey({ do: 'toggle-play' });
    },
    onDoubleClick: actions.toggleFullscreen,
  });
  // The picture's own shape, so that the engine knows how many pixels of it are really shown.
  const ratio = title?.width && title.height ? title.width / title.height : 16 / 9;

  return (
    <main
      ref={stage}
      id="main"
      tabIndex={-1}
      className={idle ? 'theater watch idle' : 'theater watch'}
      style={{ '--film-ratio': ratio } as CSSProperties}
      onPointerMove={(event) => event.pointerType === 'mouse' && stir()}
      onFocus={(event) => event.target !== stage.current && stir()}
    >
      <h1 className="visually-hidden">{title?.name ?? 'Film'}</h1>
      {/* What a press on the picture does, keys and buttons do too. */}
      <div className="watch-screen" {...press}>
        <div ref={film} className="watch-film">
          {/* biome-ignore lint/a11y/useMediaCaption: the engine draws the captions of the film's own tracks. */}
          <video ref={video} data-testid="video" playsInline />
        </div>
      </div>
      {state.buffering && !state.fault ? (
        <div className="waiting" role="status">
          <LoaderCircle aria-hidden="true" />
          <span className="visually-hidden">Loading</span>
        </div>
      ) : null}
      <div className="watch-top">
        <Link href={back} className="watch-back">
          <ArrowLeft aria-hidden="true" />
          <span className="visually-hidden">Back to</span>
          <span>{title?.name ?? 'the film'}</span>
        </Link>
      </div>
      <NoticeView shown={notice} />
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
        <>
          <div className={state.buffering ? 'watch-middle waits' : 'watch-middle'}>
            <JumpBack actions={actions} />
            <PlayButton phase={state.phase} actions={actions} />
            <JumpOn actions={actions} />
          </div>
          <div className="watch-bottom">
            <Controls
              state={state}
              actions={actions}
              thumbnails={playback?.thumbnails ?? null}
              menu={menu}
              onMenu={setMenu}
            />
          </div>
        </>
      )}
      {showsKeys ? <KeysDialog onClose={() => setShowsKeys(false)} /> : null}
    </main>
  );
}
