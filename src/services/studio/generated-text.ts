/**
 * Which captions a film gets from speech recognition: those of its first sound, when its language is one that the
 * model knows and nobody has written captions in it. Pure.
 */
import { mainSound } from '../../contracts/main-sound.ts';
import type { Inspection, TaskSpec } from '../../contracts/tasks.ts';
import { speechCost } from './cost.ts';
import type { Plan, PlannedTask, TextPlan } from './plan.ts';
import { urgency } from './urgency.ts';

/** The codec that such a text's stream is said to have. */
export const SPEECH = 'speech';
export const isGenerated = ({ stream }: TextPlan) => stream.codec === SPEECH;

const primary = (language: string) => language.split('-')[0] ?? language;

/** `written`: all other text of the film. */
export function generatedTexts(
  audio: Inspection['audio'],
  written: readonly TextPlan[],
  languages: readonly string[],
): TextPlan[] {
  const first = mainSound(audio);
  if (!first || !languages.includes(primary(first.language))) return [];
  const isWritten = written.some(
    ({ stream }) => !stream.forced && primary(stream.language) === primary(first.language),
  );
  if (isWritten) return [];
  const stream = { index: first.index, codec: SPEECH, language: first.language, label: '', default: false };
  return [{ id: `g${first.index}`, stream: { ...stream, forced: false, hearingImpaired: false } }];
}

export function transcribeTask(found: Inspection, plan: Plan, { id, stream }: TextPlan): PlannedTask {
  const { durationS } = plan.grid;
  const spec: TaskSpec = {
    ...{ kind: 'transcribe', master: '', streamIndex: stream.index },
    ...{ startS: found.startS, durationS, language: stream.language },
  };
  return {
    ...{ name: id, track: id, kind: spec.kind, spec, waits: false },
    ...{ priority: urgency({ part: 'speech' }), cost: speechCost(durationS) },
  };
}
