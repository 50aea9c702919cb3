/** What encoder workers, playback and steering ask of the studio. */
import type { Transport } from '../contracts/call.ts';
import { getManifestKeys } from '../contracts/fill.ts';
import { hurryTitle } from '../contracts/light.ts';
import { completeTask, failTask, heartbeatTask, leaseTask, signOutputs } from '../contracts/tasks.ts';
import { type Client, createClient } from './client.ts';

const rows = { completeTask, failTask, heartbeatTask, leaseTask, signOutputs };
export type StudioClient = Client<typeof rows>;
export const createStudioClient = (transport: Transport): StudioClient => createClient(rows, transport);

const keyRows = { getManifestKeys };
export type ManifestKeysClient = Client<typeof keyRows>;
export const createManifestKeysClient = (transport: Transport): ManifestKeysClient =>
  createClient(keyRows, transport);

const hurryRows = { hurryTitle };
export type HurryClient = Client<typeof hurryRows>;
export const createHurryClient = (transport: Transport): HurryClient => createClient(hurryRows, transport);
