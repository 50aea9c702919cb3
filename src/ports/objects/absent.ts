/** For whom it is enough that a thing is not in the store, or not any more. */
import { ignoring } from '../../platform/errors.ts';

/** For `catch`: an object, bucket or upload that is absent becomes undefined. */
export const ignoreAbsent = ignoring('not_found', 'bucket_missing', 'upload_missing');
