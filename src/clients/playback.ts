/** What steering asks of playback. */
import type { Transport } from '../contracts/call.ts';
import { getTokenKeys } from '../contracts/edges.ts';
import { type Client, createClient } from './client.ts';

const rows = { getTokenKeys };
export type PlaybackClient = Client<typeof rows>;
export const createPlaybackClient = (transport: Transport): PlaybackClient => createClient(rows, transport);
