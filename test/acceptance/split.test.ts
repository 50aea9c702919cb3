/** The acceptance suite against the program split into five that share a data folder. */
import { after } from 'node:test';
import { type Installation, startInstallation } from '../installation.ts';
import { acceptance } from './acceptance.ts';

let installation: Installation | undefined;

acceptance('split', async () => {
  installation = await startInstallation({ form: 'split' });
  return installation;
});

after(() => installation?.close());
