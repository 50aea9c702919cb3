/**
 * What the edge asks of Linux that Node does not offer: `sendfile`, which hands the bytes of a file to a socket
 * without copying them, and whether those bytes are in memory. Everything works without it, at a higher price; on
 * other systems, or when the library cannot be loaded, `openKernel` gives nothing.
 */
import { createRequire } from 'node:module';

export type Kernel = {
  /** Bytes that the socket took, 0 when it has no room now, -1 when it is broken. */
  sendFile(socket: number, file: number, offset: number, length: number): number;
  /** Hands over the first bytes of a message whose rest follows at once. As `sendFile`. */
  sendMore(socket: number, bytes: Buffer): number;
  /** Whether reading this span would find all of it in memory, as far as samples tell. */
  isResident(file: number, offset: number, length: number): boolean;
};

type Native = (...args: unknown[]) => number;
type Koffi = {
  load(path: string | null): { func(declaration: string): Native };
  errno(): number;
};

const EAGAIN = 11;
const EINTR = 4;
/** MSG_DONTWAIT, MSG_NOSIGNAL and MSG_MORE. */
const SEND_FLAGS = 0x40 | 0x4000 | 0x8000;
const RWF_NOWAIT = 8;
const SAMPLE_BYTES = 256 * 1024;

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
  const sendfile = libc.func('int64_t sendfile(int to, int from, void *offset, size_t length)');
  const send = libc.func('int64_t send(int socket, void *bytes, size_t length, int flags)');
  const preadv2 = libc.func('int64_t preadv2(int fd, void *vectors, int count, int64_t offset, int flags)');
  const address = libc.func('void *memchr(void *at, int byte, size_t length)');
  const offsetCell = Buffer.from(new ArrayBuffer(64));
  // One iovec, and behind it the byte that it reads into: in one piece of memory, which stays where it is and as long
  // as the iovec is used. Small arrays in the heap of V8 do not stay.
  const vector = Buffer.from(new ArrayBuffer(64));
  const vectorAt = BigInt(address(vector, 0, 1));
  vector.writeBigUInt64LE(vectorAt + 32n, 0);
  vector.writeBigUInt64LE(1n, 8);

  const taken = (result: number): number => {
    if (result >= 0) return Number(result);
    const code = koffi.errno();
    return code === EAGAIN || code === EINTR ? 0 : -1;
  };
  return {
    sendFile: (socket, file, offset, length) => {
      offsetCell.writeBigInt64LE(BigInt(offset), 0);
      return taken(sendfile(socket, file, offsetCell, length));
    },
    sendMore: (socket, bytes) => taken(send(socket, bytes, bytes.length, SEND_FLAGS)),
    isResident: (file, offset, length) => {
      const last = offset + length - 1;
      for (let at = offset; ; at = Math.min(last, at + SAMPLE_BYTES)) {
        if (preadv2(file, vector, 1, at, RWF_NOWAIT) !== 1) return false;
        if (at === last) return true;
      }
    },
  };
}
