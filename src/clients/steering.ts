/** What edges, playback and the studio ask of steering. */
import type { Transport } from '../contracts/call.ts';
import { takeOrders } from '../contracts/edge-control.ts';
import { rankEdges, registerEdge } from '../contracts/edges.ts';
import { announceFill, findFillPeers, takeFillPlan } from '../contracts/fill.ts';
import { type Client, createClient } from './client.ts';

const rows = { rankEdges, registerEdge, takeOrders, announceFill, takeFillPlan, findFillPeers };
export type SteeringClient = Client<typeof rows>;
export const createSteeringClient = (transport: Transport): SteeringClient => createClient(rows, transport);
