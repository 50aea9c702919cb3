/** Every setting of the program, one row each. `docs/configuration.md` is printed from here. */
import type { ConfigRows, ConfigValues } from './platform/config.ts';

export const SETTINGS_PREFIX = 'MATINEE_';

export const SETTINGS = {
  MATINEE_DATA: {
    kind: 'path',
    default: './data',
    meaning: 'Data folder. Everything that must survive a restart is in it.',
  },
  MATINEE_HOST: {
    kind: 'text',
    default: '127.0.0.1',
    meaning: 'Address that every port listens on. `0.0.0.0` opens them to the network.',
  },
  MATINEE_PUBLIC_HOST: {
    kind: 'text',
    default: '',
    meaning:
      'Host name that viewers reach this machine by, in edge and upload addresses. Default: the listening address, or ' +
      'the first outside address of the machine when that is a wildcard.',
  },
  MATINEE_PORT: { kind: 'integer', default: 8080, min: 0, max: 65_535, meaning: 'Web pages and the API.' },
  MATINEE_ORIGIN_PORT: { kind: 'integer', default: 9000, min: 0, max: 65_535, meaning: 'The S3 door.' },
  MATINEE_EDGE_PORTS: { kind: 'ports', default: [8101, 8102], meaning: 'One edge node a port.' },
  MATINEE_INTERNAL_PORT: {
    kind: 'integer',
    default: 0,
    min: 0,
    max: 65_535,
    meaning: 'Where services of other processes call the ones of this; 0 takes any free port.',
  },
  MATINEE_PEERS: {
    kind: 'map',
    default: {},
    meaning:
      'Where services run that this process does not: `studio=http://10.0.0.5:8090`. Processes that share a data ' +
      'folder find each other without it.',
  },
  MATINEE_SERVICE_SECRET: {
    kind: 'text',
    default: '',
    secret: true,
    meaning:
      'What services of one installation show each other; at least 32 characters. Default: made at first start.',
  },
  DATABASE_URL: {
    kind: 'text',
    default: '',
    secret: true,
    meaning: 'A PostgreSQL to use instead of the one that the program brings.',
  },
  MATINEE_ENCODERS: {
    kind: 'integer',
    default: -1,
    min: -1,
    max: 64,
    meaning: 'Encoder worker processes; -1 makes one for each processor core.',
  },
  MATINEE_ENCODER_THREADS: {
    kind: 'integer',
    default: 1,
    min: 1,
    max: 64,
    meaning: 'Threads of each encode.',
  },
  MATINEE_ENCODER_MEMORY_MB: {
    kind: 'integer',
    default: 0,
    min: 0,
    max: 1_048_576,
    unit: 'MiB',
    meaning:
      'Memory that a program of an encoder may hold: one that takes more is ended, and its task fails and says so. ' +
      '0 divides three quarters of the memory of the machine, or of its control group, among the workers, but gives ' +
      'each 512 MiB at least.',
  },
  MATINEE_ENCODER_DISK_MB: {
    kind: 'integer',
    default: 0,
    min: 0,
    max: 16_777_216,
    unit: 'MiB',
    meaning:
      'Temporary disk that a task of an encoder may take; a worker is given no task that needs more. 0 allows what is ' +
      'free, less a twentieth of the disk or 512 MiB.',
  },
  MATINEE_LADDER: {
    kind: 'text',
    default: 'per-title',
    meaning:
      'Ladder preset of new titles: `per-title` chooses the rungs of each film from an analysis of its pictures; ' +
      '`standard`, `apple` and `archive` are the same for all films; or one of MATINEE_LADDER_FILE.',
  },
  MATINEE_CODECS: {
    kind: 'text',
    default: 'h264',
    meaning:
      'Codecs of renditions, comma-separated: `h264` always, `hevc` and `av1` besides it for the upper rungs, and then ' +
      'in the range of a master in high dynamic range. Each costs two to four times the processor time of H.264. With ' +
      'both prices below set, a film gets them when they pay for themselves.',
  },
  MATINEE_EXPECTED_VIEWS: {
    kind: 'integer',
    default: 1000,
    min: 0,
    max: 2_000_000_000,
    meaning:
      'Views that a title is expected to have when neither its object (`x-amz-meta-expected-views`) nor an operator ' +
      'said it.',
  },
  MATINEE_PRICE_CORE_HOUR: {
    kind: 'decimal',
    default: 0,
    min: 0,
    max: 10_000,
    meaning:
      'What an hour of one processor core costs, in any currency: estimates tell the money, and newer codecs are ' +
      'weighed by it. 0 is not set.',
  },
  MATINEE_PRICE_EGRESS_GB: {
    kind: 'decimal',
    default: 0,
    min: 0,
    max: 10_000,
    meaning: 'What a gigabyte sent to viewers costs, in the same currency. 0 is not set.',
  },
  MATINEE_SOUND_CODECS: {
    kind: 'text',
    default: 'aac,eac3',
    meaning:
      'Codecs of sound, comma-separated: `aac` (AAC-LC, stereo) always, `eac3` besides it for films that bring 5.1 or ' +
      'more (5.1 at 384 kbit/s), `opus` besides it for all (stereo at 96 kbit/s). Players take what they can decode.',
  },
  MATINEE_LOUDNESS: {
    kind: 'integer',
    default: 0,
    min: -40,
    max: 0,
    unit: 'LUFS',
    meaning:
      'Loudness that the sound of new titles is brought to by one gain, with peaks of -1 dBTP at most (EBU R128 ' +
      'recommends -23); 0 leaves it as it is.',
  },
  MATINEE_ENCRYPTION: {
    kind: 'choice',
    default: 'none',
    choices: ['none', 'cbcs'],
    meaning:
      'Whether the samples of new titles are encrypted. `cbcs`: pictures and sound, with keys of the key service; the ' +
      'player of the pages opens them by Clear Key, other players need a licence service that they know.',
  },
  MATINEE_SPEECH_MODEL: {
    kind: 'text',
    default: '',
    meaning:
      'A model of speech recognition, by which films get captions of what is said where nobody wrote any: a file of ' +
      'whisper.cpp (`ggml-base.bin`), or a folder of PocketSphinx for an ffmpeg that was built with it ' +
      '(`/usr/share/pocketsphinx/model/en-us`). Needed by the studio and by every encoder. Empty: none.',
  },
  MATINEE_SPEECH_PROGRAM: {
    kind: 'text',
    default: 'whisper-cli',
    meaning: 'The program that runs a model of whisper.cpp: a name on the PATH or a path.',
  },
  MATINEE_SPEECH_LANGUAGES: {
    kind: 'text',
    default: 'en',
    meaning:
      'Languages that the model knows, comma-separated, as BCP 47. Sound in others gets no captions by it.',
  },
  MATINEE_LADDER_FILE: {
    kind: 'text',
    default: '',
    meaning: 'A JSON file of further ladder presets.',
  },
  MATINEE_INTERRUPTIONS: {
    kind: 'choice',
    choices: ['files', 'ec2'],
    default: 'files',
    meaning:
      'How encoder workers hear that their machine is about to be taken away: `files` looks for `run/drain` and ' +
      '`run/drain-<worker>` in the data folder, `ec2` asks the metadata service of a spot instance.',
  },
  MATINEE_WORK_KEPT_H: {
    kind: 'integer',
    default: 24,
    min: 0,
    max: 8760,
    unit: 'hours',
    meaning:
      'How long encoded chunks are kept when a job has ended: a re-encode within that time redoes only what changed.',
  },
  MATINEE_JOBS_KEPT_DAYS: {
    kind: 'integer',
    default: 30,
    min: 1,
    max: 3650,
    unit: 'days',
    meaning: 'How long operators can look back at encoding jobs that have ended.',
  },
  MATINEE_EDGE_MEMORY_MB: {
    kind: 'integer',
    default: 256,
    min: 16,
    max: 1_048_576,
    unit: 'MiB',
    meaning: 'Memory tier of each edge.',
  },
  MATINEE_EDGE_DISK_MB: {
    kind: 'integer',
    default: 4096,
    min: 0,
    max: 1_073_741_824,
    unit: 'MiB',
    meaning: 'Disk tier of each edge; 0 goes without.',
  },
  MATINEE_EDGE_SHARDS: {
    kind: 'integer',
    default: 1,
    min: 0,
    max: 64,
    meaning:
      'Processes that are one edge: they share its port, and each keeps a share of its objects. 0 makes one for each ' +
      'processor core. Linux only.',
  },
  MATINEE_EDGE_FILL: {
    kind: 'boolean',
    default: true,
    meaning: 'Edges fetch openings of new films, and films that are streamed much, before viewers ask.',
  },
  MATINEE_EDGE_FILL_RATE: {
    kind: 'integer',
    default: 20,
    min: 1,
    max: 100_000,
    unit: 'MB/s',
    meaning: 'What each edge may fetch at most before viewers ask.',
  },
  MATINEE_EDGE_FILL_HOURS: {
    kind: 'text',
    default: '',
    meaning: 'When edges may do so, by their local time: `22:30-06:00`. Default: always.',
  },
  MATINEE_EDGE_REGION: {
    kind: 'text',
    default: 'local',
    meaning: 'Where the edges of this machine are; viewers of a region are sent to its edges first.',
  },
  MATINEE_EDGE_TLS_CERT: {
    kind: 'text',
    default: '',
    meaning:
      'Certificate chain (PEM) for HTTPS and HTTP/2 at the edges; viewers are sent there then. A renewed file is taken ' +
      'without a restart.',
  },
  MATINEE_EDGE_TLS_KEY: { kind: 'text', default: '', meaning: 'The key of that certificate (PEM).' },
  MATINEE_EDGE_TLS_PORTS: {
    kind: 'ports',
    default: [],
    meaning:
      'HTTPS port of each edge, in the order of MATINEE_EDGE_PORTS. Default: 1000 above the port of the edge.',
  },
  MATINEE_ORIGIN_TLS_CERT: {
    kind: 'text',
    default: '',
    meaning: 'Certificate (PEM) that edges show to origins that they reach by HTTPS.',
  },
  MATINEE_ORIGIN_TLS_KEY: { kind: 'text', default: '', meaning: 'The key of that certificate (PEM).' },
  MATINEE_ORIGIN_TLS_CA: {
    kind: 'text',
    default: '',
    meaning: 'Further certificate authorities (PEM) that edges trust at origins.',
  },
  MATINEE_EDGE_SHIELD: {
    kind: 'text',
    default: '',
    meaning:
      'Address of an edge of this installation through which the others fetch, `http://10.0.0.7:8101`; it is passed ' +
      'over while it is away.',
  },
  MATINEE_ORIGIN_LINKS: {
    kind: 'text',
    default: '',
    meaning:
      'Further addresses of the S3 door, comma-separated, that edges try before the usual one, such as a private line.',
  },
  MATINEE_EDGE_TRUSTED_PROXIES: {
    kind: 'text',
    default: '',
    meaning:
      'Addresses and CIDR blocks of proxies in front of the edges, comma-separated, whose `X-Forwarded-For` is believed.',
  },
  MATINEE_EDGE_COUNTRY_FILE: {
    kind: 'text',
    default: '',
    meaning: 'A country database in MaxMind format (.mmdb), for rules by country.',
  },
  MATINEE_EDGE_COUNTRIES_ALLOW: {
    kind: 'text',
    default: '',
    meaning: 'Films are shown in these countries alone: ISO 3166-1 codes, comma-separated.',
  },
  MATINEE_EDGE_COUNTRIES_DENY: {
    kind: 'text',
    default: '',
    meaning: 'Films are not shown in these countries.',
  },
  MATINEE_EDGE_CLIENT_RATE: {
    kind: 'integer',
    default: 0,
    min: 0,
    max: 1_000_000,
    unit: 'requests/s',
    meaning: 'What one client address may ask of an edge, with ten seconds of it at once; 0 sets no limit.',
  },
  MATINEE_EDGE_SESSION_RATE: {
    kind: 'integer',
    default: 0,
    min: 0,
    max: 1_000_000,
    unit: 'requests/s',
    meaning: 'What one play session may ask of an edge; 0 sets no limit.',
  },
  MATINEE_EDGE_LOG: {
    kind: 'choice',
    choices: ['off', 'json', 'cloudfront'],
    default: 'off',
    meaning:
      'Access log of each edge, without what opens anything: one JSON object a line, or the standard log format of ' +
      'CloudFront.',
  },
  MATINEE_EDGE_LOG_FOLDER: {
    kind: 'text',
    default: '',
    meaning: 'Where access logs are written, a folder for each edge. Default: `logs` in the data folder.',
  },
  MATINEE_EDGE_LOG_FILE_MB: {
    kind: 'integer',
    default: 64,
    min: 1,
    max: 65_536,
    unit: 'MiB',
    meaning: 'Size at which a new file of an access log is begun.',
  },
  MATINEE_EDGE_LOG_FILES: {
    kind: 'integer',
    default: 8,
    min: 1,
    max: 1000,
    meaning: 'Files of the access log that each edge keeps; the oldest is deleted.',
  },
  MATINEE_EDGE_METRICS_PORTS: {
    kind: 'ports',
    default: [],
    meaning:
      'Ports of 127.0.0.1 that show metrics in the format of Prometheus (`/metrics`, `/metrics.json`), one for each ' +
      'edge in the order of `MATINEE_EDGE_PORTS`; the shards of an edge take the ports that follow. Default: none.',
  },
  MATINEE_REGION: {
    kind: 'text',
    default: 'us-east-1',
    meaning: 'Region name that the S3 door tells its clients.',
  },
  MATINEE_FFMPEG: { kind: 'path', default: 'ffmpeg', meaning: 'The ffmpeg program.' },
  MATINEE_FFPROBE: { kind: 'path', default: 'ffprobe', meaning: 'The ffprobe program.' },
  MATINEE_DEMO: {
    kind: 'boolean',
    default: true,
    meaning: 'Put the demo film into an empty library at the first start.',
  },
  MATINEE_LOG_LEVEL: {
    kind: 'choice',
    default: 'info',
    choices: ['debug', 'info', 'warn', 'error'],
    meaning: 'Least level that is logged, to standard error.',
  },
  MATINEE_LOG_FORMAT: {
    kind: 'choice',
    default: 'text',
    choices: ['text', 'json'],
    meaning: 'One line for people or one JSON object.',
  },
} as const satisfies ConfigRows;

export type Settings = ConfigValues<typeof SETTINGS>;
