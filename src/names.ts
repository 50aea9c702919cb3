/** Names that several processes of one installation must agree on. */

/** Renditions, manifests, artwork and the studio's work in progress. */
export const MEDIA_BUCKET = 'matinee-media';
/** Masters that came through the browser. */
export const UPLOAD_BUCKET = 'matinee-uploads';
/** The film that ships with the program. */
export const DEMO_BUCKET = 'matinee-demo';

export const QUEUES = {
  objectEvents: 'object-events',
  titleRemoved: 'title-removed',
  tasks: 'tasks',
} as const;

/** Profiles of the credentials file. */
export const PROFILES = { root: 'default', studio: 'matinee-studio', edge: 'matinee-edge' } as const;
