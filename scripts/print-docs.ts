/** Prints the documentation pages that are made from tables in the code: `npm run docs`. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { configurationPage } from './configuration-page.ts';

const file = fileURLToPath(new URL('../docs/configuration.md', import.meta.url));
await writeFile(file, configurationPage());
