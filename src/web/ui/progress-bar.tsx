/** How far something is, as a bar that assistive programs can read. */
import { percent } from './formats.ts';

export type ProgressBarProps = { label: string; part: number; still?: boolean };

/** `still` shows a bar that does not move for the moment. */
export function ProgressBar({ label, part, still = false }: ProgressBarProps) {
  return (
    <div
      className={still ? 'progress still' : 'progress'}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent(part)}
    >
      <div className="progress-fill" style={{ transform: `scaleX(${Math.min(1, Math.max(0, part))})` }} />
    </div>
  );
}
