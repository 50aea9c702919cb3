/** Places in a film as a clock shows them, and in words for those who hear them. */

/** "4:05", or "1:02:03" when the film is that long, so that the text keeps its width. */
export function clockText(seconds: number, durationS = 0): string {
  const whole = wholeSeconds(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = String(whole % 60).padStart(2, '0');
  if (hours === 0 && durationS < 3600) return `${minutes}:${rest}`;
  return `${hours}:${String(minutes).padStart(2, '0')}:${rest}`;
}

/** "1 hour 2 minutes 3 seconds". */
export function spokenTime(seconds: number): string {
  const whole = wholeSeconds(seconds);
  const parts: [number, string][] = [
    [Math.floor(whole / 3600), 'hour'],
    [Math.floor((whole % 3600) / 60), 'minute'],
    [whole % 60, 'second'],
  ];
  const said = parts.filter(([count]) => count > 0);
  if (said.length === 0) return '0 seconds';
  return said.map(([count, unit]) => `${count} ${unit}${count === 1 ? '' : 's'}`).join(' ');
}

/** A container's rounding may take a hair off a second that is meant to be whole. */
function wholeSeconds(seconds: number): number {
  return Number.isFinite(seconds) ? Math.max(0, Math.floor(seconds + 0.001)) : 0;
}
