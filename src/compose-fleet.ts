/** The composition roots of the fleets: one edge node, one encoder worker, each in a process of its own. */
import { totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { edgeName, publicUrl } from './addresses.ts';
import { createSteeringClient } from './clients/steering.ts';
import { createStudioClient } from './clients/studio.ts';
import { credentialsFile, waitFor } from './compose-stores.ts';
import { openDirectory } from './directory.ts';
import { edgeOptions, listOf } from './edge-options.ts';
import { removeOtherShards, shardConfig, shardCount, shardFolder } from './edge-shards.ts';
import type { Unit } from './main.ts';
import { MEDIA_BUCKET, PROFILES } from './names.ts';
import { tellReady } from './platform/supervisor.ts';
import { createSpotInterruptions } from './ports/interruptions/aws.ts';
import { createFileInterruptions } from './ports/interruptions/embedded.ts';
import { edgeProcess, encoderCount, URGENT_ENCODER } from './roles.ts';
import { EDGE_LIMITS } from './services/edge/config.ts';
import { readHours } from './services/edge/proactive-fill/hours.ts';
import type { ProactiveFillOptions } from './services/edge/proactive-fill/proactive-fill.ts';
import type { TelemetryConfig } from './services/edge/telemetry/open-telemetry.ts';
import { readCredentials } from './services/origin/credentials-file.ts';
import type { Settings } from './settings.ts';

const MEBIBYTE = 1024 * 1024;
/** Of the memory of a machine, for the programs of all workers together. */
const ENCODERS_SHARE = 0.75;
const ENCODER_MEMORY_BYTES_MIN = 512 * MEBIBYTE;

/** `number` tells which process of the edge this is, from 1 on. */
export async function runEdge(port: number, number: number, unit: Unit): Promise<void> {
  const { settings, folder, lifecycle, clock, log } = unit;
  const name = `edge-${port}`;
  const place = { index: number - 1, count: shardCount(settings) };
  const edgeFolder = join(folder, 'edges', name);
  if (place.index === 0) await removeOtherShards(edgeFolder, place.count);
  const share = MEBIBYTE / place.count;
  const directory = await openDirectory(folder, settings);
  const { openEdgeNode } = await import('./services/edge/edge-node.ts');
  const credentials = await waitFor(
    'the credentials file',
    async () => (await readCredentials(credentialsFile(folder)))[PROFILES.edge],
    unit,
  );
  const originUrl = await waitFor('the S3 door', () => directory.address('origin'), unit);
  const edge = await openEdgeNode(
    { steering: createSteeringClient(directory.transport('steering')), clock, log },
    {
      name: edgeName(settings, port),
      host: settings.MATINEE_HOST,
      port,
      publicUrl: publicUrl(settings, port),
      region: settings.MATINEE_EDGE_REGION,
      folder: shardFolder(edgeFolder, place),
      memoryBytes: Math.floor(settings.MATINEE_EDGE_MEMORY_MB * share),
      diskBytes: Math.floor(settings.MATINEE_EDGE_DISK_MB * share),
      ...(place.count > 1 ? { shard: shardConfig(edgeFolder, place, directory.secret) } : {}),
      origin: {
        ...{ baseUrl: originUrl, bucket: MEDIA_BUCKET, region: settings.MATINEE_REGION, credentials },
        preferred: listOf(settings.MATINEE_ORIGIN_LINKS),
      },
      originTimeoutMs: 5000,
      // What slow readers may hold is the edge's, too.
      limits: { pinnedBytesMax: Math.floor(EDGE_LIMITS.pinnedBytesMax / place.count) },
      ...edgeOptions(settings, port, directory.secret),
      ...(settings.MATINEE_EDGE_FILL ? { proactiveFill: fillOptions(settings, place.count) } : {}),
      telemetry: edgeTelemetry(settings, folder, port, number),
    },
  );
  lifecycle.onShutdown('drain', 'edge', () => edge.close());
  await waitFor('steering', async () => (edge.health().ready ? true : undefined), unit);
  tellReady(number === 1 ? [[name, edge.url]] : []);
}

function fillOptions(settings: Unit['settings'], shards: number): ProactiveFillOptions {
  const hours = readHours(settings.MATINEE_EDGE_FILL_HOURS);
  return { bytesPerS: (settings.MATINEE_EDGE_FILL_RATE * 1e6) / shards, ...(hours ? { hours } : {}) };
}

/** What an edge writes down of its replies, and where it shows what it counts. */
export function edgeTelemetry(settings: Settings, folder: string, port: number, shard = 1): TelemetryConfig {
  const { MATINEE_EDGE_LOG: format, MATINEE_EDGE_LOG_FOLDER: logs } = settings;
  const at = settings.MATINEE_EDGE_PORTS.indexOf(port);
  const metricsPort = settings.MATINEE_EDGE_METRICS_PORTS[at];
  const name = edgeProcess(port, shard);
  return {
    metricsPort: metricsPort === undefined ? undefined : metricsPort + shard - 1,
    log:
      format === 'json' || format === 'cloudfront'
        ? {
            format,
            folder: join(logs === '' ? join(folder, 'logs') : resolve(logs), name),
            fileBytesMax: settings.MATINEE_EDGE_LOG_FILE_MB * MEBIBYTE,
            filesMax: settings.MATINEE_EDGE_LOG_FILES,
          }
        : undefined,
  };
}

/** What each task may take of this machine. */
export function encoderBounds(
  settings: Pick<Settings, 'MATINEE_ENCODER_MEMORY_MB' | 'MATINEE_ENCODER_DISK_MB' | 'MATINEE_ENCODERS'>,
  memoryBytes: number,
): { memoryBytesMax: number; diskBytesMax: number | undefined } {
  const { MATINEE_ENCODER_MEMORY_MB: memory, MATINEE_ENCODER_DISK_MB: disk } = settings;
  // The urgent worker is one more.
  const workers = encoderCount(settings) + 1;
  const share = Math.max(ENCODER_MEMORY_BYTES_MIN, (memoryBytes * ENCODERS_SHARE) / workers);
  return {
    memoryBytesMax: memory > 0 ? memory * MEBIBYTE : Math.floor(share),
    diskBytesMax: disk > 0 ? disk * MEBIBYTE : undefined,
  };
}

/** Of the control group where that has less than the machine. */
function machineMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

export async function runEncoder(name: string, unit: Unit): Promise<void> {
  const { settings, folder, lifecycle, clock, log } = unit;
  const directory = await openDirectory(folder, settings);
  const { createEncoderWorker } = await import('./services/encoder/worker.ts');
  const { findPrograms } = await import('./services/encoder/programs.ts');
  const programs = await findPrograms({
    ...{ ffmpeg: settings.MATINEE_FFMPEG, ffprobe: settings.MATINEE_FFPROBE },
    ...{ speechModel: settings.MATINEE_SPEECH_MODEL, speechProgram: settings.MATINEE_SPEECH_PROGRAM },
  });
  const interruptions =
    settings.MATINEE_INTERRUPTIONS === 'ec2'
      ? createSpotInterruptions({ fetch })
      : createFileInterruptions(folder, name);
  const worker = createEncoderWorker(
    { studio: createStudioClient(directory.transport('studio')), clock, log, programs, interruptions },
    {
      ...{ name, scratch: join(folder, 'scratch', name), threads: settings.MATINEE_ENCODER_THREADS },
      urgentOnly: name === URGENT_ENCODER,
      ...encoderBounds(settings, machineMemory()),
    },
  );
  const running = worker.run?.(lifecycle.signal);
  lifecycle.onShutdown('return-leases', 'worker', () => running);
  tellReady([]);
  await running;
}
