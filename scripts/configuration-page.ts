/** The page on settings, made from their rows. */
import { configTable } from '../src/platform/config.ts';
import { SETTINGS } from '../src/settings.ts';

export function configurationPage(): string {
  return `# Configuration

Settings are environment variables. All faults are reported together at the start, an unknown \`MATINEE_\` name among
them. This page is printed from \`src/settings.ts\` by \`npm run docs\`.

${configTable(SETTINGS)}
`;
}
