/**
 * The environment that the process of an edge is started with. It cannot be set from within, since the C library
 * reads it before the first line of ours.
 */

/**
 * glibc gives each thread an arena of its own and lets none of them shrink; the threads that read and write the disk
 * tier would keep tens of megabytes that nobody uses.
 */
export const EDGE_ENVIRONMENT: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: '2' };
