/** Counts what comes in over kept connections, whatever of a reply was read before its head was looked at. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

export class ReceivedBytes {
  /** Of each connection, what has been counted. */
  readonly #counted = new WeakMap<Socket, number>();

  /** Calls `add` when the reply has come or broken off, with all that came since the reply before it. */
  follow(reply: IncomingMessage, add: (bytes: number) => void): void {
    const { socket } = reply;
    reply.once('close', () => {
      const before = this.#counted.get(socket) ?? 0;
      this.#counted.set(socket, socket.bytesRead);
      add(socket.bytesRead - before);
    });
  }
}
