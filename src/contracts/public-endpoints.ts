/** Every endpoint that anybody may call: what the API document describes. */
import { getAbout } from './about.ts';
import {
  createInvalidation,
  drainEdge,
  getEdgeConfig,
  listInvalidations,
  putEdgeConfig,
  rollBackEdgeConfig,
} from './edge-control.ts';
import { listEdges } from './edges.ts';
import type { Endpoint } from './endpoint.ts';
import { getManifestKeys } from './fill.ts';
import {
  cancelJob,
  getJob,
  getJobReport,
  getTaskEvidence,
  listJobs,
  listPresets,
  listWorkers,
  reencodeTitle,
  retryJob,
  retryTask,
} from './jobs.ts';
import { clearKeyLicence, identityKey } from './licences.ts';
import { getMasterReport } from './masters.ts';
import { endPlay, heartbeatPlay, hurryPlay, renewPlay, startPlay } from './plays.ts';
import { deleteTitle, editTitle, getArtwork, getTitle, listTitles } from './titles.ts';
import { abortUpload, completeUpload, getUpload, signParts, startUpload } from './uploads.ts';

export const publicEndpoints = [
  getManifestKeys,
  listTitles,
  getTitle,
  editTitle,
  deleteTitle,
  getArtwork,
  getMasterReport,
  startUpload,
  getUpload,
  signParts,
  completeUpload,
  abortUpload,
  startPlay,
  renewPlay,
  clearKeyLicence,
  identityKey,
  heartbeatPlay,
  hurryPlay,
  endPlay,
  listEdges,
  drainEdge,
  getEdgeConfig,
  putEdgeConfig,
  rollBackEdgeConfig,
  createInvalidation,
  listInvalidations,
  listJobs,
  getJob,
  getTaskEvidence,
  retryTask,
  retryJob,
  cancelJob,
  reencodeTitle,
  getJobReport,
  listPresets,
  listWorkers,
  getAbout,
] as unknown as readonly Endpoint[];
