/** Who asks: the address at the other end of the connection, and what trusted proxies say of who is behind it. */
import type { Socket } from 'node:net';
import { type Fields, fieldOf } from '../fields.ts';
import type { ClientAddresses } from './client-address.ts';
import { clientKey } from './rate-limit.ts';

export class Visitor {
  readonly #socket: Pick<Socket, 'remoteAddress'>;
  readonly #addresses: ClientAddresses;
  readonly isSecure: boolean;
  #peer: string | undefined;
  #lastAddress = '';
  #lastKey = '';

  constructor(socket: Pick<Socket, 'remoteAddress'>, isSecure: boolean, addresses: ClientAddresses) {
    this.#socket = socket;
    this.isSecure = isSecure;
    this.#addresses = addresses;
  }

  get peer(): string {
    // Asked of the kernel once, and only where somebody wants to know.
    this.#peer ??= this.#socket.remoteAddress ?? '';
    return this.#peer;
  }

  /** `fields` is asked for only where proxies are trusted. */
  address(fields: () => Fields): string {
    if (!this.#addresses.trustsAny) return this.peer;
    return this.#addresses.clientOf(this.peer, fieldOf(fields(), this.#addresses.field) ?? '');
  }

  /** What limits are counted by. */
  key(fields: () => Fields): string {
    const address = this.address(fields);
    if (address !== this.#lastAddress || this.#lastKey === '') {
      this.#lastAddress = address;
      this.#lastKey = clientKey(address);
    }
    return this.#lastKey;
  }
}
