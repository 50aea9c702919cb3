/** The acceptance suite against the program in one piece. */
import { after } from 'node:test';
import { type Installation, startInstallation } from '../installation.ts';
import { acceptance } from './acceptance.ts';

let installation: Installation | undefined;

acceptance('all-in-one', async () => {
  installation = await startInstallation({ form: 'all-in-one' });
  return installation;
});

after(() => installation?.close());
