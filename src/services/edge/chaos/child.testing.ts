/** A process of the chaos tests that can be killed, stopped and started again on the port that it had. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

export type Child = AsyncDisposable & {
  readonly port: number;
  tell(message: { version: number }): void;
  /** kill -9, and waits until it has gone. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): void;
  goOn(): void;
};

type Message = { port: number } | { warning: string };

/** `setup` is asked for at each start; it gets 0 at first, then the port to take again. */
export async function startChild(
  file: string,
  setup: (port: number) => object,
  warned: (warning: string) => void = () => undefined,
): Promise<Child> {
  let child: ChildProcess;
  let port = 0;
  const start = async () => {
    child = fork(new URL(file, import.meta.url), [JSON.stringify(setup(port))], {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    port = await new Promise<number>((resolve, reject) => {
      child.on('message', (message: Message) => {
        if ('port' in message) resolve(message.port);
        else warned(message.warning);
      });
      child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)));
    });
  };
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  await start();
  return {
    get port() {
      return port;
    },
    tell: (message) => void child.send(message),
    ...{
      kill,
      restart: start,
      stop: () => void child.kill('SIGSTOP'),
      goOn: () => void child.kill('SIGCONT'),
    },
    [Symbol.asyncDispose]: kill,
  };
}
