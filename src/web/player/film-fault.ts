/** Why a film does not play, in words for the person who wanted to see it. */
import { isMatineeError } from '../../platform/errors.ts';

export type FilmFault = {
  /** A short line. */
  title: string;
  /** What it means and what can be done. */
  advice: string;
  /** False when the same try could only fail again. */
  retry: boolean;
  /** For a report: the code behind the words. */
  code: string;
};

/** The part of Shaka's error that matters here. */
export type EngineError = { category: number; code: number; data: unknown[] };

/** Categories of Shaka's errors. */
const NETWORK = 1;
const MEDIA = 3;
const MANIFEST = 4;
const DRM = 6;
/** The browser has no key system for the title, or refuses one to a page that is neither local nor by HTTPS. */
const NO_KEY_SYSTEM: readonly number[] = [6000, 6001, 6002, 6020];
/** Shaka's codes for an operation that was given up on purpose. */
const GIVEN_UP: readonly number[] = [7000, 7001, 7003];
const UNSUPPORTED: readonly number[] = [4032, 1000];

export function isEngineError(error: unknown): error is EngineError {
  const { category, code } = (error ?? {}) as Partial<EngineError>;
  return typeof category === 'number' && typeof code === 'number';
}

export function wasGivenUp(error: unknown): boolean {
  return isEngineError(error) && GIVEN_UP.includes(error.code);
}

/** Whether asking again may help: what the network did, or what a filter could not get from it. */
export function isNetworkError(error: unknown): boolean {
  return isEngineError(error) && error.category === NETWORK && !UNSUPPORTED.includes(error.code);
}

/** A decoder that broke or a buffer that was refused; a fresh start at the same place usually helps. */
export function isMediaError(error: unknown): boolean {
  return isEngineError(error) && error.category === MEDIA;
}

export function describeFault(error: unknown): FilmFault {
  if (isEngineError(error)) return describeEngineError(error);
  if (isMatineeError(error, 'not_found')) {
    return {
      title: 'This film is not here any more',
      advice: 'It may have been taken out of the library.',
      retry: false,
      code: error.code,
    };
  }
  if (isMatineeError(error, 'conflict')) {
    return {
      title: 'This film cannot be played yet',
      advice: 'It is still being prepared. Try again in a moment.',
      retry: true,
      code: error.code,
    };
  }
  const code = isMatineeError(error) ? error.code : 'no_connection';
  return {
    title: isMatineeError(error) ? 'The film could not be started' : 'No connection to the server',
    advice: isMatineeError(error)
      ? 'The server is there but cannot start it now. Try again in a moment.'
      : 'Check that you are online, then try again.',
    retry: true,
    code,
  };
}

function describeEngineError(error: EngineError): FilmFault {
  const code = String(error.code);
  if (isNetworkError(error)) {
    return {
      title: 'The picture does not arrive',
      advice:
        'None of the servers that hold this film could be reached. Playback goes on from here when you try again.',
      retry: true,
      code,
    };
  }
  if (UNSUPPORTED.includes(error.code)) {
    return {
      title: 'This browser cannot play this film',
      advice: 'It lacks the video or audio format of the film. Another browser may have it.',
      retry: false,
      code,
    };
  }
  if (NO_KEY_SYSTEM.includes(error.code)) {
    return {
      title: 'This browser cannot open this film',
      advice: 'The film is encrypted. Open this page by HTTPS, or in another browser.',
      retry: false,
      code,
    };
  }
  if (error.category === DRM) {
    return {
      title: 'The film could not be unlocked',
      advice: 'The server did not give its keys. Try again in a moment.',
      retry: true,
      code,
    };
  }
  return {
    title: 'Playback stopped',
    advice:
      error.category === MANIFEST
        ? 'The description of the film could not be read.'
        : 'The browser could not go on with the picture or the sound.',
    retry: true,
    code,
  };
}
