/** The house lights: down (dark) unless this viewer turned them up, and remembered. */
import { useState } from 'react';

export type Lights = 'down' | 'up';

const KEY = 'matinee.lights';
const COLOURS = { down: '#0d0a12', up: '#f4f2f6' } as const;

/** Called before anything is drawn, so that nobody in the dark sees a flash. */
export function applyRememberedLights(): void {
  apply(remembered());
}

export function useLights(): [Lights, (lights: Lights) => void] {
  const [lights, setLights] = useState(remembered);
  const turn = (next: Lights) => {
    apply(next);
    setLights(next);
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // Storage that is switched off: the choice lasts as long as the page.
    }
  };
  return [lights, turn];
}

function remembered(): Lights {
  try {
    return localStorage.getItem(KEY) === 'up' ? 'up' : 'down';
  } catch {
    return 'down';
  }
}

function apply(lights: Lights): void {
  document.documentElement.dataset.lights = lights;
  document.querySelector('meta[name=theme-color]')?.setAttribute('content', COLOURS[lights]);
}
