import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Where the last good configuration of a file is kept: in the directory that systemd made for the unit
 * (`STATE_DIRECTORY`), or `$XDG_STATE_HOME/sluice`, or `~/.local/state/sluice`. Pure.
 *
 * Two files never share one: a digest of the full path is part of the name.
 */
export const lastGoodPath = (file: string, env: Env, home: string = homedir()): string => {
  const [ofUnit] = (env.STATE_DIRECTORY ?? '').split(':');
  const directory = ofUnit || join(env.XDG_STATE_HOME || join(home, '.local', 'state'), 'sluice');
  const digest = createHash('sha256').update(resolve(file)).digest('hex').slice(0, 12);
  return join(directory, `${basename(file)}.${digest}.json`);
};
