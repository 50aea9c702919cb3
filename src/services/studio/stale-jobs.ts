/** What the queue says of a job that it no longer has is no news to whoever has finished with it. */
import { ignoring } from '../../platform/errors.ts';

export const ignoreStale = ignoring('stale_attempt', 'not_found');
