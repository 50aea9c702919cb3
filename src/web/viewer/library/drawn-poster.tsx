/** A drawn picture for a film that has no still of its own; the same film always gets the same one. */
import type { ReactNode } from 'react';

type Ink = readonly [ground: string, shape: string, light: string];

const INKS: readonly Ink[] = [
  ['#2c0918', '#8d1a45', '#ffc940'],
  ['#0f1f3a', '#2f5d9b', '#ffd9a0'],
  ['#0d2b26', '#2d7d66', '#ffe08a'],
  ['#2b1640', '#7040a6', '#ffb3a1'],
  ['#33190a', '#b0562a', '#ffe3b0'],
];

const DRAWINGS: ReadonlyArray<(ink: Ink) => ReactNode> = [
  ([, shape, light]) => (
    <>
      <circle cx="108" cy="58" r="30" fill={light} />
      {[64, 70, 76, 82].map((y, index) => (
        <rect key={y} x="0" y={y} width="160" height={3 + index} fill={shape} />
      ))}
    </>
  ),
  ([, shape, light]) => (
    <>
      <path d="M160 4 24 45 160 86z" fill={shape} />
      <path d="M160 24 24 45 160 66z" fill={light} opacity="0.55" />
      <circle cx="24" cy="45" r="9" fill={light} />
    </>
  ),
  ([, shape, light]) => (
    <>
      {[44, 34, 24].map((r, index) => (
        <circle key={r} cx="80" cy="90" r={r * 1.6} fill={index % 2 === 0 ? shape : 'none'} stroke={light} />
      ))}
      <circle cx="80" cy="90" r="22" fill={light} />
    </>
  ),
  ([ground, shape, light]) => (
    <>
      <circle cx="58" cy="45" r="34" fill={shape} />
      {[0, 72, 144, 216, 288].map((angle) => (
        <circle key={angle} cx="58" cy="25" r="8" fill={ground} transform={`rotate(${angle} 58 45)`} />
      ))}
      <circle cx="58" cy="45" r="4" fill={light} />
      <path d="M58 79h102" stroke={light} strokeWidth="2" />
    </>
  ),
];

export function DrawnPoster({ seed }: { seed: string }) {
  const number = [...seed].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7);
  const ink = INKS[number % INKS.length] as Ink;
  const draw = DRAWINGS[Math.floor(number / INKS.length) % DRAWINGS.length] as (ink: Ink) => ReactNode;
  return (
    <svg className="drawn" viewBox="0 0 160 90" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      <rect width="160" height="90" fill={ink[0]} />
      {draw(ink)}
    </svg>
  );
}
