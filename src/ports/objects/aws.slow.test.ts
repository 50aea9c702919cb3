import { systemClock } from '../../platform/clock.ts';
import { openAwsObjects } from './aws.ts';
import { type Moto, motoMissing, startMoto } from './moto.testing.ts';
import { objectsContract } from './objects.contract.ts';

let moto: Moto | undefined;

const ROLLED_UP = 'moto repeats on every page of ListObjects the prefixes that Marker has passed';

/** What moto 5.2.1 itself gets wrong; each was seen in its replies or its source. */
const MOTO_FAULTS: Readonly<Record<string, string>> = {
  'pages of 1 with a delimiter hold every key and prefix once': ROLLED_UP,
  'pages of 2 with a delimiter hold every key and prefix once': ROLLED_UP,
  'pages of 3 with a delimiter hold every key and prefix once': 'moto does not count prefixes in MaxKeys',
  'a read with ifMatch of * goes through': 'moto compares * with the ETag',
  'a read with ifNoneMatch of * is precondition_failed': 'moto compares * with the ETag',
  'a read with ifMatch that holds, whatever ifUnmodifiedSince says goes through':
    'moto lets If-Unmodified-Since overrule an If-Match that holds',
  'conditions on the source of a copy hold or are precondition_failed':
    'moto knows no copy-source condition but If-None-Match',
  'parts out of order are invalid_part_order': 'moto joins parts in whatever order they are named',
  'a part that is named twice is invalid_part_order': 'moto takes a part twice',
  'an upload that ended, was aborted or never was is upload_missing':
    'moto answers 500 to the completion of an upload that it does not know',
  'a completion that is asked again gives the same result, until another object stands there':
    'moto answers 500 to the completion of an upload that it does not know',
  'an upload belongs to its key': 'moto does not compare the key of a part with that of its upload',
  'open uploads are listed by key, with a prefix and a limit':
    'moto gives every upload the same start in 2010 and never cuts the list',
};

objectsContract('S3 through moto', {
  skip: motoMissing(),
  open: async () => {
    moto = await startMoto();
    const store = await openAwsObjects({
      endpoint: moto.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      forcePathStyle: true,
      clock: systemClock,
    });
    return { store };
  },
  close: async () => moto?.stop(),
  lacks: { events: 'S3 tells events through its own notifications, not through this port' },
  knownFaults: MOTO_FAULTS,
});
