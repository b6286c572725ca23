// Programs that come from Debian's packages: what no npm package carries.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

/** Installs packages, where this is Debian and we are root; elsewhere does nothing. */
export function installDebian(...packages) {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  console.error(`ambit: installing ${packages.join(', ')} from Debian’s packages`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) => spawnSync('apt-get', ['-qq', ...args], { stdio: ['ignore', 2, 2], env });
  apt('update');
  apt('install', '-y', '--no-install-recommends', ...packages);
}

/** The servers that tests start, each by a program that its package has. */
const SERVERS = {
  'redis-server': () => existsSync('/usr/bin/redis-server'),
  postgresql: () =>
    existsSync('/usr/lib/postgresql') && readdirSync('/usr/lib/postgresql').length > 0,
  pgbouncer: () => existsSync('/usr/sbin/pgbouncer'),
};

/** Sees to it that the servers are there; says in one line what to install if they cannot be had. */
export function ensureServers() {
  const missing = () => Object.keys(SERVERS).filter((name) => !SERVERS[name]());
  if (missing().length > 0) installDebian(...missing());
  if (missing().length === 0) return;
  console.error(
    `ambit: some tests need servers: install them by \`apt-get install ${missing().join(' ')}\``,
  );
}
