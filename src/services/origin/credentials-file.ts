/**
 * An AWS shared-credentials file: reads and writes profiles and leaves all else in it as it is.
 * Format: "Configuration and credential file settings" (AWS CLI User Guide).
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MatineeError, systemCode } from '../../platform/errors.ts';

export type ProfileCredentials = { accessKeyId: string; secretAccessKey: string };

/** The complete profiles of the file by name; none when there is no file yet. */
export async function readCredentials(path: string): Promise<Record<string, ProfileCredentials>> {
  const profiles: Record<string, ProfileCredentials> = {};
  for (const { name, lines } of sectionsOf(await readText(path))) {
    const accessKeyId = settingOf(lines, 'aws_access_key_id');
    const secretAccessKey = settingOf(lines, 'aws_secret_access_key');
    if (name && accessKeyId && secretAccessKey) profiles[name] = { accessKeyId, secretAccessKey };
  }
  return profiles;
}

/**
 * Sets the credentials of these profiles; their other settings, such as `region`, and all other profiles stay.
 * The file is replaced in one step and is readable by its owner only. Throws invalid_request for a name that
 * the format cannot hold.
 */
export async function writeCredentials(
  path: string,
  profiles: Readonly<Record<string, ProfileCredentials>>,
): Promise<void> {
  const sections = sectionsOf(await readText(path));
  for (const [name, credentials] of Object.entries(profiles)) setProfile(sections, name, credentials);
  await replaceFile(path, sections.map(sectionText).join(''));
}

type Section = { name?: string; lines: string[] };

function setProfile(sections: Section[], name: string, credentials: ProfileCredentials): void {
  if (!/^[\w.-]{1,64}$/.test(name)) {
    throw new MatineeError('invalid_request', 'a profile name has letters, digits, dots and dashes');
  }
  const settings = [
    `aws_access_key_id = ${credentials.accessKeyId}`,
    `aws_secret_access_key = ${credentials.secretAccessKey}`,
  ];
  const section = sections.find((one) => one.name === name);
  if (!section) {
    sections.push({ name, lines: settings });
    return;
  }
  const kept = section.lines.filter((line) => !/^\s*aws_(access_key_id|secret_access_key)\s*=/.test(line));
  section.lines = [...settings, ...kept];
}

function sectionsOf(text: string): Section[] {
  const sections: Section[] = [{ lines: [] }];
  for (const line of text.split('\n')) {
    const header = /^\s*\[\s*([^\]]+?)\s*\]/.exec(line);
    if (header) sections.push({ name: header[1], lines: [] });
    else if (line.trim() !== '') sections.at(-1)?.lines.push(line);
  }
  return sections;
}

function sectionText(section: Section): string {
  const header = section.name === undefined ? '' : `[${section.name}]\n`;
  return header + section.lines.map((line) => `${line}\n`).join('');
}

function settingOf(lines: readonly string[], name: string): string | undefined {
  for (const line of lines) {
    const match = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line);
    if (match?.[1] === name) return match[2];
  }
  return undefined;
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return '';
    throw error;
  }
}

async function replaceFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
