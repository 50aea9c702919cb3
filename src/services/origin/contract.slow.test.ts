/** The whole contract of an object store through the door: our S3 adapter in front, our disk store behind. */
import { systemClock } from '../../platform/clock.ts';
import { openAwsObjects } from '../../ports/objects/aws.ts';
import { objectsContract } from '../../ports/objects/objects.contract.ts';
import { type Door, openDoor } from './door.testing.ts';

let door: Door | undefined;

objectsContract('S3 through our own door', {
  open: async () => {
    door = await openDoor();
    const store = await openAwsObjects({
      endpoint: door.url,
      region: 'us-east-1',
      credentials: { ...door.credentials },
      forcePathStyle: true,
      clock: systemClock,
    });
    return { store };
  },
  close: async () => door?.[Symbol.asyncDispose](),
  lacks: { events: 'the door sends events to the queue, not to its clients' },
});
