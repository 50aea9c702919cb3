/** What settings say of an edge beyond its ports and sizes. Throws invalid_config where two of them contradict. */
import { publicHost, publicUrl } from './addresses.ts';
import { MatineeError } from './platform/errors.ts';
import type { EdgeConfig } from './services/edge/config.ts';
import type { Settings } from './settings.ts';

const TLS_PORT_ABOVE = 1000;

export function edgeOptions(settings: Settings, port: number, secret: string): Partial<EdgeConfig> {
  const { MATINEE_EDGE_CLIENT_RATE: clientPerS, MATINEE_EDGE_SESSION_RATE: sessionPerS } = settings;
  const blocks = listOf(settings.MATINEE_EDGE_TRUSTED_PROXIES);
  const allow = listOf(settings.MATINEE_EDGE_COUNTRIES_ALLOW);
  const deny = listOf(settings.MATINEE_EDGE_COUNTRIES_DENY);
  const countryFile = settings.MATINEE_EDGE_COUNTRY_FILE;
  return {
    ...tlsOptions(settings, port),
    ...originTlsOptions(settings),
    ...shieldOptions(settings, port, secret),
    ...(blocks.length > 0 ? { trustedProxies: { blocks, field: 'x-forwarded-for' as const } } : {}),
    ...(countryFile === '' ? {} : { countryFile }),
    ...(allow.length + deny.length > 0
      ? { countries: { deny, unknown: 'allow' as const, ...(allow.length > 0 ? { allow } : {}) } }
      : {}),
    ...(clientPerS + sessionPerS > 0 ? { rates: { clientPerS, sessionPerS } } : {}),
  };
}

/** The members of a comma-separated list. */
export function listOf(text: string): string[] {
  return text
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
}

function tlsOptions(settings: Settings, port: number): Pick<EdgeConfig, 'tls'> {
  const { MATINEE_EDGE_TLS_CERT: certFile, MATINEE_EDGE_TLS_KEY: keyFile } = settings;
  if (certFile === '' && keyFile === '') return {};
  if (certFile === '' || keyFile === '') {
    const names = 'MATINEE_EDGE_TLS_CERT and MATINEE_EDGE_TLS_KEY';
    throw new MatineeError('invalid_config', `${names}: one needs the other`);
  }
  const index = settings.MATINEE_EDGE_PORTS.indexOf(port);
  const chosen = settings.MATINEE_EDGE_TLS_PORTS[index] ?? (port === 0 ? 0 : port + TLS_PORT_ABOVE);
  return {
    tls: { certFile, keyFile, port: chosen, publicUrl: `https://${publicHost(settings)}:${chosen}` },
  };
}

function originTlsOptions(settings: Settings): Pick<EdgeConfig, 'originTls'> {
  const certFile = settings.MATINEE_ORIGIN_TLS_CERT;
  const keyFile = settings.MATINEE_ORIGIN_TLS_KEY;
  const caFile = settings.MATINEE_ORIGIN_TLS_CA;
  if ((certFile === '') !== (keyFile === '')) {
    const names = 'MATINEE_ORIGIN_TLS_CERT and MATINEE_ORIGIN_TLS_KEY';
    throw new MatineeError('invalid_config', `${names}: one needs the other`);
  }
  if (certFile === '' && caFile === '') return {};
  return {
    originTls: { ...(certFile === '' ? {} : { certFile, keyFile }), ...(caFile === '' ? {} : { caFile }) },
  };
}

/** Every edge may be a shield for others; the one that is named asks the origin itself. */
function shieldOptions(
  settings: Settings,
  port: number,
  secret: string,
): Pick<EdgeConfig, 'shieldUrl' | 'shieldSecret'> {
  const named = settings.MATINEE_EDGE_SHIELD;
  if (named === '') return { shieldSecret: secret };
  const url = URL.canParse(named) ? new URL(named) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/') {
    throw new MatineeError('invalid_config', 'MATINEE_EDGE_SHIELD: an edge is at http://host:port');
  }
  const isItself = url.origin === new URL(publicUrl(settings, port)).origin;
  return isItself ? { shieldSecret: secret } : { shieldSecret: secret, shieldUrl: url.origin };
}
