/** The countdown at the head of a reel, its hand standing where the preparation of a film stands. */
import { percent } from '../../ui/formats.ts';

const [X, Y, R] = [80, 45, 60];

export function FilmLeader({ part }: { part: number }) {
  return (
    <svg className="leader" viewBox="0 0 160 90" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      <rect className="leader-ground" width="160" height="90" />
      <path className="leader-wedge" d={wedge(part)} />
      <path className="leader-line" d={`M0 ${Y}H160M${X} 0V90`} />
      <circle className="leader-line" cx={X} cy={Y} r="36" />
      <circle className="leader-line" cx={X} cy={Y} r="31" />
      <text className="leader-number" x={X} y={Y} textAnchor="middle" dominantBaseline="central">
        {percent(part)}
      </text>
    </svg>
  );
}

/** From twelve o'clock, clockwise. A whole circle would be an arc from a point to itself, hence the limit. */
function wedge(part: number): string {
  const angle = Math.min(0.9999, Math.max(0, part)) * 2 * Math.PI;
  const x = X + R * 2 * Math.sin(angle);
  const y = Y - R * 2 * Math.cos(angle);
  return `M${X} ${Y}V${Y - R * 2}A${R * 2} ${R * 2} 0 ${angle > Math.PI ? 1 : 0} 1 ${x.toFixed(2)} ${y.toFixed(2)}z`;
}
