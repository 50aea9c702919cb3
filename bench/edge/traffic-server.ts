/**
 * Apache Traffic Server as a caching proxy: one event thread, a memory cache for objects up to 8 MB over a disk
 * cache, readers served while an object is still being written.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from './free-port.ts';
import { BUCKET, PREFIX } from './object-names.ts';
import { runToEnd, start, untilListening } from './processes.ts';
import { type BenchServer, ORIGIN_TIMEOUT_MS, type ServerSetup } from './server.ts';

export async function openTrafficServer(setup: ServerSetup, version: string): Promise<BenchServer> {
  const { folder, originPort } = setup;
  const [port = 0] = await freePorts(1);
  const etc = join(folder, 'etc');
  for (const name of ['etc', 'run', 'log', 'cache']) await mkdir(join(folder, name));
  const files = {
    'records.config': recordsConfig(setup, port),
    'remap.config': `map / http://127.0.0.1:${originPort}/\n`,
    'storage.config': `${join(folder, 'cache')} ${Math.max(setup.diskBytes, 256 * 1024 * 1024)}\n`,
    'ip_allow.yaml': 'ip_allow:\n  - {apply: in, ip_addrs: 127.0.0.1, action: allow, methods: ALL}\n',
    'plugin.config': '',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(etc, name), text);
  const root = join(folder, 'runroot.yaml');
  await writeFile(root, await runRoot(folder));
  const started = start(['traffic_server', `--run-root=${root}`], { side: 'server', cwd: folder });
  await untilListening(port, started);
  return {
    ...{ name: 'trafficserver', version, pid: started.pid, child: started.child },
    url: (door, object) =>
      door === 'tls'
        ? { missing: 'measured without TLS' }
        : `http://127.0.0.1:${port}/${BUCKET}/${PREFIX}${object}`,
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

/** The installed layout, with all that is written moved into a folder of our own. */
async function runRoot(folder: string): Promise<string> {
  const layout = await runToEnd(['traffic_layout', 'info'], 'client', 10_000);
  const installed = (name: string) => new RegExp(`^${name}: (.+)$`, 'm').exec(layout)?.[1] ?? '/usr';
  const places = {
    prefix: folder,
    exec_prefix: installed('PREFIX'),
    bindir: installed('BINDIR'),
    sbindir: installed('BINDIR'),
    sysconfdir: join(folder, 'etc'),
    datadir: join(folder, 'etc'),
    includedir: installed('INCLUDEDIR'),
    libdir: installed('LIBDIR'),
    libexecdir: installed('PLUGINDIR'),
    localstatedir: join(folder, 'run'),
    runtimedir: join(folder, 'run'),
    logdir: join(folder, 'log'),
    cachedir: join(folder, 'cache'),
  };
  return `${Object.entries(places)
    .map(([name, path]) => `${name}: ${path}`)
    .join('\n')}\n`;
}

function recordsConfig({ memoryBytes }: ServerSetup, port: number): string {
  const settings: Record<string, string | number> = {
    // The account that started it is kept.
    'admin.user_id': '#-1',
    'http.server_ports': `${port}:ip-in=127.0.0.1`,
    'exec_thread.autoconfig': 0,
    'exec_thread.limit': 1,
    accept_threads: 0,
    task_threads: 1,
    'cache.ram_cache.size': memoryBytes,
    'cache.ram_cache_cutoff': 8 * 1024 * 1024,
    'cache.enable_read_while_writer': 1,
    'cache.max_doc_size': 0,
    'http.background_fill_active_timeout': 0,
    'http.background_fill_completed_threshold': '0.0',
    'http.cache.max_open_read_retries': 10,
    'http.cache.open_read_retry_time': 10,
    'http.cache.open_write_fail_action': 5,
    'http.connect_attempts_timeout': ORIGIN_TIMEOUT_MS / 1000,
    'http.connect_attempts_max_retries': 0,
    'http.keep_alive_no_activity_timeout_in': 600,
    'http.keep_alive_no_activity_timeout_out': 600,
    'http.transaction_no_activity_timeout_out': ORIGIN_TIMEOUT_MS / 1000,
    'url_remap.pristine_host_hdr': 1,
    'url_remap.remap_required': 1,
    'net.connections_throttle': 9000,
    'log.logging_enabled': 0,
    'diags.output.error': 'E',
  };
  const typed = Object.entries(settings).map(([name, value]) => {
    const type = typeof value === 'number' ? 'INT' : /^\d+\.\d+$/.test(value) ? 'FLOAT' : 'STRING';
    return `CONFIG proxy.config.${name} ${type} ${value}`;
  });
  return `${typed.join('\n')}\n`;
}
