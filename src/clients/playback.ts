/** What steering asks of playback. */
import type { Transport } from '../contracts/call.ts';
import { getTokenKeys } from '../contracts/edges.ts';
import { mintFillToken } from '../contracts/fill.ts';
import { type Client, createClient } from './client.ts';

const rows = { getTokenKeys, mintFillToken };
export type PlaybackClient = Client<typeof rows>;
export const createPlaybackClient = (transport: Transport): PlaybackClient => createClient(rows, transport);
