/** The bar at the foot of the picture: everything that can be done to the film with a pointer. */
import {
  AudioLines,
  Captions,
  Gauge,
  ListVideo,
  Maximize,
  Minimize,
  PictureInPicture2,
  Settings2,
  Volume1,
  Volume2,
  VolumeX,
} from 'lucide-react';
import { type CSSProperties, useSyncExternalStore } from 'react';
import { chapterAt } from '../../player/chapters.ts';
import { clockText } from '../../player/clock-text.ts';
import type { FilmState } from '../../player/film-state.ts';
import type { Thumbnails } from '../../player/thumbnails.ts';
import { ChoiceMenu } from './choice-menu.tsx';
import { type FilmActions, RATES } from './film-actions.ts';
import { IconButton } from './icon-button.tsx';
import { JumpBack, JumpOn } from './jump-buttons.tsx';
import { PlayButton } from './play-button.tsx';
import { SeekBar } from './seek-bar.tsx';

export type MenuName = 'chapters' | 'captions' | 'audio' | 'quality' | 'speed';

export type ControlsProps = {
  state: FilmState;
  actions: FilmActions;
  thumbnails: Thumbnails | null;
  menu: MenuName | null;
  onMenu: (menu: MenuName | null) => void;
};

export function Controls({ state, actions, thumbnails, menu, onMenu }: ControlsProps) {
  return (
    <div className="controls">
      <SeekBar state={state} thumbnails={thumbnails} onSeek={actions.seekTo} />
      <div className="controls-row">
        <div className="controls-transport">
          <PlayButton phase={state.phase} actions={actions} />
          <JumpBack actions={actions} />
          <JumpOn actions={actions} />
        </div>
        <Volume state={state} actions={actions} />
        <span className="controls-time">
          {clockText(state.positionS, state.durationS)}
          <span aria-hidden="true"> / </span>
          <span className="visually-hidden">of</span>
          <span>{clockText(state.durationS, state.durationS)}</span>
        </span>
        <span className="controls-gap" />
        <Menus state={state} actions={actions} menu={menu} onMenu={onMenu} />
        {document.pictureInPictureEnabled ? (
          <IconButton
            label="Picture in picture"
            shortcut="P"
            className="wide-only"
            onClick={actions.togglePictureInPicture}
          >
            <PictureInPicture2 />
          </IconButton>
        ) : null}
        <FullscreenButton actions={actions} />
      </div>
    </div>
  );
}

function Volume({ state, actions }: { state: FilmState; actions: FilmActions }) {
  const silent = state.muted || state.volume === 0;
  return (
    <div className="volume">
      <IconButton label={silent ? 'Sound on' : 'Sound off'} shortcut="M" onClick={actions.toggleMute}>
        {silent ? <VolumeX /> : state.volume < 0.5 ? <Volume1 /> : <Volume2 />}
      </IconButton>
      <input
        type="range"
        aria-label="Volume"
        aria-valuetext={`${Math.round((silent ? 0 : state.volume) * 100)} percent`}
        min={0}
        max={1}
        step={0.05}
        value={silent ? 0 : state.volume}
        style={{ '--filled': silent ? 0 : state.volume } as CSSProperties}
        onChange={(event) => actions.setVolume(Number(event.currentTarget.value))}
      />
    </div>
  );
}

function Menus({ state, actions, menu, onMenu }: Omit<ControlsProps, 'thumbnails'>) {
  const { textTracks, audioTracks, qualities, quality, playingQuality } = state;
  const { chapters, positionS, durationS } = state;
  const toggle = (name: MenuName) => (open: boolean) => onMenu(open ? name : null);
  const auto = playingQuality && quality === 'auto' ? { note: playingQuality.name } : {};
  return (
    <>
      {chapters.length > 0 ? (
        <ChoiceMenu
          label="Chapters"
          icon={<ListVideo />}
          choices={chapters.map(({ startS, title }) => ({
            ...{ id: String(startS), name: title, note: clockText(startS, durationS) },
          }))}
          chosen={String(chapterAt(chapters, positionS)?.startS ?? '')}
          open={menu === 'chapters'}
          onToggle={toggle('chapters')}
          onChoose={(id) => actions.seekTo(Number(id))}
        />
      ) : null}
      {textTracks.length > 0 ? (
        <ChoiceMenu
          label="Captions"
          icon={<Captions />}
          choices={[{ id: '', name: 'Off' }, ...textTracks]}
          chosen={textTracks.find(({ active }) => active)?.id ?? ''}
          open={menu === 'captions'}
          onToggle={toggle('captions')}
          onChoose={(id) => actions.setCaptions(id === '' ? null : id)}
        />
      ) : null}
      {audioTracks.length > 1 ? (
        <ChoiceMenu
          label="Language"
          icon={<AudioLines />}
          choices={audioTracks}
          chosen={audioTracks.find(({ active }) => active)?.id ?? ''}
          open={menu === 'audio'}
          onToggle={toggle('audio')}
          onChoose={actions.chooseAudio}
        />
      ) : null}
      {qualities.length > 1 ? (
        <ChoiceMenu
          label="Quality"
          icon={<Settings2 />}
          choices={[
            { id: 'auto', name: 'Automatic', ...auto },
            ...qualities.map(({ name }) => ({ id: name, name })),
          ]}
          chosen={quality}
          open={menu === 'quality'}
          onToggle={toggle('quality')}
          onChoose={actions.chooseQuality}
        />
      ) : null}
      <ChoiceMenu
        label="Speed"
        icon={<Gauge />}
        choices={RATES.map((rate) => ({ id: String(rate), name: rate === 1 ? 'Normal' : `${rate}×` }))}
        chosen={String(state.rate)}
        open={menu === 'speed'}
        onToggle={toggle('speed')}
        onChoose={(id) => actions.setRate(Number(id))}
      />
    </>
  );
}

function FullscreenButton({ actions }: { actions: FilmActions }) {
  const full = useSyncExternalStore(onFullscreenChange, () => document.fullscreenElement !== null);
  return (
    <IconButton
      label={full ? 'Leave full screen' : 'Full screen'}
      shortcut="F"
      onClick={actions.toggleFullscreen}
    >
      {full ? <Minimize /> : <Maximize />}
    </IconButton>
  );
}

function onFullscreenChange(listener: () => void): () => void {
  document.addEventListener('fullscreenchange', listener);
  return () => document.removeEventListener('fullscreenchange', listener);
}
