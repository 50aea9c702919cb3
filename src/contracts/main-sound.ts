/** Which sound of a master plays by itself: the studio plans it first, and a glance listens to it. */
import type { Inspection } from './tasks.ts';

type Stream = Pick<Inspection['audio'][number], 'default' | 'audioDescription' | 'commentary'>;

/** The track that plays unless a viewer chooses: the master's default, but nobody's comments on the film. */
export function mainSound<S extends Stream>(streams: readonly S[]): S | undefined {
  const plain = streams.filter(({ audioDescription, commentary }) => !audioDescription && !commentary);
  const among = plain.length > 0 ? plain : streams;
  return among.find((one) => one.default) ?? among[0];
}
