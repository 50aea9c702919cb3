/**
 * What the edge asks of Linux that Node does not offer: memory that has a file descriptor, and `sendfile`, which
 * hands bytes to a socket without copying them. Everything works without it, at a higher price; on other systems,
 * or when the library cannot be loaded, `openKernel` gives nothing.
 */
import { createRequire } from 'node:module';
import { SPLICE_BYTES_MIN } from './config.ts';

/** A place in a file that holds the same bytes as some buffer. */
export type FilePlace = { readonly fd: number; readonly offset: number };

export type Kernel = {
  /** A buffer of zeros that `placeOf` knows; undefined when there are too many already. */
  allocate(length: number): Buffer | undefined;
  placeOf(bytes: Buffer): FilePlace | undefined;
  /** Bytes that the socket took, 0 when it has no room now, -1 when it is broken. */
  sendFile(socket: number, file: number, offset: number, length: number): number;
  /** Hands over the first bytes of a message whose rest follows at once. As `sendFile`. */
  sendMore(socket: number, bytes: Buffer): number;
  /** Whether reading this span would find all of it in memory, as far as samples tell. */
  isResident(file: number, offset: number, length: number): boolean;
};

export type Allocate = (length: number) => Buffer;

/**
 * Memory for bodies: with a descriptor when they are large enough for that to pay. Never from Node's shared pool,
 * in which a body would keep its neighbours' memory alive.
 */
export function bodyAllocator(kernel: Kernel | undefined): Allocate {
  return (length) =>
    (length >= SPLICE_BYTES_MIN ? kernel?.allocate(length) : undefined) ?? Buffer.allocUnsafeSlow(length);
}

type Native = (...args: unknown[]) => number;
type Koffi = {
  load(path: string | null): { func(declaration: string): Native };
  view(pointer: unknown, length: number): ArrayBuffer;
  errno(): number;
};

/** Each has a descriptor of its own, and a process has some thousands of them. */
const MAPPINGS_MAX = 2048;
const MFD_CLOEXEC = 1;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_FAILED = 2n ** 64n - 1n;
const EAGAIN = 11;
const EINTR = 4;
/** MSG_DONTWAIT, MSG_NOSIGNAL and MSG_MORE. */
const SEND_FLAGS = 0x40 | 0x4000 | 0x8000;
const RWF_NOWAIT = 8;
const SAMPLE_BYTES = 128 * 1024;

export function openKernel(): Kernel | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const koffi = createRequire(import.meta.url)('koffi') as Koffi;
    return bind(koffi);
  } catch {
    // No library for this machine: the edge goes on without.
    return undefined;
  }
}

function bind(koffi: Koffi): Kernel {
  const libc = koffi.load(null);
  const memfdCreate = libc.func('int memfd_create(const char *name, unsigned int flags)');
  const truncate = libc.func('int ftruncate(int fd, int64_t length)');
  const map = libc.func('void *mmap(void *at, size_t length, int prot, int flags, int fd, int64_t offset)');
  const unmap = libc.func('int munmap(void *at, size_t length)');
  const close = libc.func('int close(int fd)');
  const sendfile = libc.func('int64_t sendfile(int to, int from, void *offset, size_t length)');
  const send = libc.func('int64_t send(int socket, void *bytes, size_t length, int flags)');
  const preadv2 = libc.func(
    'int64_t preadv2(int fd, void *vectors, int count, int64_t offset_low, int64_t offset_high, int flags)',
  );
  const address = libc.func('void *memchr(void *at, int byte, size_t length)');
  const places = new WeakMap<ArrayBufferLike, number>();
  let mappings = 0;
  const gone = new FinalizationRegistry(({ at, length, fd }: { at: unknown; length: number; fd: number }) => {
    unmap(at, length);
    close(fd);
    mappings--;
  });
  const offsetCell = Buffer.alloc(8);
  const sample = Buffer.alloc(1);
  const vector = Buffer.alloc(16);
  vector.writeBigUInt64LE(BigInt(address(sample, 0, 1)), 0);
  vector.writeBigUInt64LE(1n, 8);

  const taken = (result: number): number => {
    if (result >= 0) return Number(result);
    const code = koffi.errno();
    return code === EAGAIN || code === EINTR ? 0 : -1;
  };
  return {
    allocate: (length) => {
      if (mappings >= MAPPINGS_MAX || length === 0) return undefined;
      const fd = memfdCreate('matinee-edge', MFD_CLOEXEC);
      if (fd < 0) return undefined;
      const at: unknown =
        truncate(fd, length) === 0 ? map(null, length, PROT_READ_WRITE, MAP_SHARED, fd, 0) : null;
      if (at === null || at === MAP_FAILED) {
        close(fd);
        return undefined;
      }
      const memory = koffi.view(at, length);
      mappings++;
      places.set(memory, fd);
      gone.register(memory, { at, length, fd });
      return Buffer.from(memory);
    },
    placeOf: (bytes) => {
      const fd = places.get(bytes.buffer);
      return fd === undefined ? undefined : { fd, offset: bytes.byteOffset };
    },
    sendFile: (socket, file, offset, length) => {
      offsetCell.writeBigInt64LE(BigInt(offset), 0);
      return taken(sendfile(socket, file, offsetCell, length));
    },
    sendMore: (socket, bytes) => taken(send(socket, bytes, bytes.length, SEND_FLAGS)),
    isResident: (file, offset, length) => {
      const last = offset + length - 1;
      for (let at = offset; ; at = Math.min(last, at + SAMPLE_BYTES)) {
        if (preadv2(file, vector, 1, at, 0, RWF_NOWAIT) !== 1) return false;
        if (at === last) return true;
      }
    },
  };
}
