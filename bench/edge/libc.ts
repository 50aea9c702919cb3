/** The calls of Linux that a discarding client needs and Node does not offer, by koffi. */
import koffi from 'koffi';

export const EPOLLIN = 1;
export const MSG_DONTWAIT = 0x40;
/** On TCP the kernel drops the bytes instead of copying them: tcp(7). */
export const MSG_TRUNC = 0x20;
export const EAGAIN = 11;
/** `struct epoll_event` is packed on x86-64 only. */
export const EVENT_BYTES = process.arch === 'x64' ? 12 : 16;
export const EVENT_DATA_AT = process.arch === 'x64' ? 4 : 8;

const AF_INET = 2;
const SOCK_STREAM = 1;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const EPOLL_CTL_ADD = 1;

export type Libc = {
  /** A connected socket. */
  connectTo(port: number): number;
  /** A set of sockets to wait for; `index` comes back as the event's data. */
  openSet(): number;
  addToSet(set: number, fd: number, index: number): void;
  wait(set: number, events: Buffer, eventsMax: number, timeoutMs: number): number;
  receive(fd: number, buffer: Buffer, length: number, flags: number): number;
  send(fd: number, buffer: Buffer): number;
  lastError(): number;
  close(fd: number): void;
};

export function loadLibc(): Libc {
  const lib = koffi.load('libc.so.6');
  const socket = lib.func('int socket(int domain, int type, int protocol)');
  const connect = lib.func('int connect(int fd, const uint8_t *address, uint32_t length)');
  const setOption = lib.func(
    'int setsockopt(int fd, int level, int name, const uint8_t *value, uint32_t length)',
  );
  const epollCreate = lib.func('int epoll_create1(int flags)');
  const epollCtl = lib.func('int epoll_ctl(int set, int operation, int fd, uint8_t *event)');
  const epollWait = lib.func('int epoll_wait(int set, uint8_t *events, int count, int timeout)');
  const receive = lib.func('intptr_t recv(int fd, uint8_t *buffer, size_t length, int flags)');
  const send = lib.func('intptr_t send(int fd, const uint8_t *buffer, size_t length, int flags)');
  const close = lib.func('int close(int fd)');

  const connectTo = (port: number) => {
    const fd = socket(AF_INET, SOCK_STREAM, 0);
    const address = Buffer.alloc(16);
    address.writeUInt16LE(AF_INET, 0);
    address.writeUInt16BE(port, 2);
    address.set([127, 0, 0, 1], 4);
    if (fd < 0 || connect(fd, address, 16) !== 0) throw new Error(`no connection: errno ${koffi.errno()}`);
    setOption(fd, IPPROTO_TCP, TCP_NODELAY, Buffer.from([1, 0, 0, 0]), 4);
    return fd;
  };
  const addToSet = (set: number, fd: number, index: number) => {
    const event = Buffer.alloc(16);
    event.writeUInt32LE(EPOLLIN, 0);
    event.writeUInt32LE(index, EVENT_DATA_AT);
    if (epollCtl(set, EPOLL_CTL_ADD, fd, event) !== 0) throw new Error(`epoll_ctl: errno ${koffi.errno()}`);
  };
  return {
    ...{ connectTo, addToSet, close },
    openSet: () => epollCreate(0),
    wait: epollWait,
    receive: (fd, buffer, length, flags) => Number(receive(fd, buffer, length, flags)),
    send: (fd, buffer) => Number(send(fd, buffer, buffer.length, 0)),
    lastError: () => koffi.errno(),
  };
}
