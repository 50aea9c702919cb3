/** From a task's kind to the function that does it. */
import type { TaskResult, TaskSpec } from '../../contracts/tasks.ts';
import { analyse } from './analyse.ts';
import { encodeAudio } from './encode-audio.ts';
import { encodeVideo } from './encode-video.ts';
import { extractText } from './extract-text.ts';
import { firstLight } from './first-light.ts';
import { glance } from './glance.ts';
import { inspect } from './inspect.ts';
import { makeImages } from './make-images.ts';
import { packageTrack } from './package-track.ts';
import type { TaskContext } from './task-context.ts';
import { transcribe } from './transcribe.ts';

/** Throws TaskFailure, or the signal's reason when it aborts. */
export function runTask(context: TaskContext, spec: TaskSpec): Promise<TaskResult> {
  switch (spec.kind) {
    case 'inspect':
      return inspect(context, spec);
    case 'glance':
      return glance(context, spec);
    case 'first-light':
      return firstLight(context, spec);
    case 'encode-video':
      return encodeVideo(context, spec);
    case 'analyse':
      return analyse(context, spec);
    case 'encode-audio':
      return encodeAudio(context, spec);
    case 'extract-text':
      return extractText(context, spec);
    case 'transcribe':
      return transcribe(context, spec);
    case 'package':
      return packageTrack(context, spec);
    case 'images':
      return makeImages(context, spec);
  }
}
