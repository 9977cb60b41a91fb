import { type Reading, Renewal, readConfig } from '../cluster/reading.ts';
import { type Address, formatAddress } from '../config/address.ts';
import { codeIssues } from '../config/code-issues.ts';
import type { Issue } from '../config/issue.ts';
import { copyPlainData, freezePlainData, isPlainObject } from '../config/plain-data.ts';
import { type Reference, referencesIn, withCode } from '../config/references.ts';
import { keepSecrets, type Secret, type SecretMarks, secretsOf } from '../config/secrets.ts';
import type { CommitMode } from '../config/server-config.ts';
import type { ServerSpec } from '../config/server-spec.ts';

/** Members that stay as they are when a server is copied. */
const OPAQUE: ReadonlySet<string> = new Set(['app', 'upgrade']);

/** A server config as data, and what it must not show. */
interface ServerData {
  readonly config: object;
  readonly secrets: readonly Secret[];
}

interface Prepared extends ServerData {
  /** The config in which something stands in for every name of code. */
  readonly made: object;
}

type Specs = ReadonlyMap<string, ServerSpec>;

/**
 * Reads configs for workers: they have to be data, in which names stand for code.
 *
 * Only workers know what a name leads to. Here something stands in for it that is always the same for the same name, so
 * that specs are compared as those of code are: a server changes when it names something else.
 */
export class DataConfigs {
  readonly #standIns = new Map<string, () => Response>();
  /** What specs were read from. */
  readonly #data = new WeakMap<ServerSpec, ServerData>();
  /** Configs that were read, found good and frozen. */
  readonly #known = new WeakMap<object, Prepared>();

  /** Reads a config, or what stands in the place of one, as a cluster in one process does. Never throws. */
  read(config: unknown, former: Specs, mode: CommitMode): Reading {
    if (config instanceof Renewal) {
      const reading = readConfig(config, former, mode);
      for (const [id, spec] of reading.specs) this.#carry(former.get(id), spec);
      return reading;
    }
    const prepared = new Map<string, Prepared>();
    const issues: Issue[] = [];
    const made = this.#prepareAll(config, prepared, issues);
    const reading = readConfig(made, former, mode, issues);
    for (const [id, spec] of reading.specs) {
      const own = prepared.get(id);
      if (own !== undefined && !this.#data.has(spec)) this.#data.set(spec, own);
    }
    if (reading.issues === undefined) this.#remember(config, prepared, reading.specs);
    return reading;
  }

  /** Servers as data; each listens where it is told to, or where its config says. */
  write(
    specs: Specs,
    addresses: ReadonlyMap<string, Address>,
  ): { servers: Record<string, object>; marks: SecretMarks } {
    const servers: Record<string, object> = Object.create(null);
    const marks: Record<string, readonly Secret[]> = Object.create(null);
    for (const [id, spec] of specs) {
      const data = this.#data.get(spec);
      if (data === undefined) throw new Error(`server ${id} was read by somebody else`);
      const address = addresses.get(id);
      servers[id] = address === undefined ? data.config : { ...data.config, listen: formatAddress(address) };
      if (data.secrets.length > 0) marks[id] = data.secrets;
    }
    return { servers, marks };
  }

  /** Says the same of one spec as of another. */
  #carry(from: ServerSpec | undefined, to: ServerSpec): void {
    const data = from === undefined ? undefined : this.#data.get(from);
    if (data !== undefined && from !== to) this.#data.set(to, data);
  }

  /** The config with stand-ins, where it can be read at all; what it is otherwise is found out by whoever reads it. */
  #prepareAll(config: unknown, prepared: Map<string, Prepared>, issues: Issue[]): unknown {
    try {
      if (!isPlainObject(config)) return config;
      const made: Record<string, unknown> = {};
      for (const id of Object.keys(config)) {
        const server = config[id];
        const own = isPlainObject(server) ? this.#prepare(id, server, issues) : undefined;
        // Defined, not assigned: what is called `__proto__` is refused by name.
        const value = own?.made ?? server;
        Object.defineProperty(made, id, { value, enumerable: true, configurable: true, writable: true });
        if (own !== undefined) prepared.set(id, own);
      }
      return made;
    } catch {
      return config;
    }
  }

  #prepare(id: string, server: object, issues: Issue[]): Prepared | undefined {
    const known = this.#known.get(server);
    if (known !== undefined) return known;
    const copy = copyPlainData(server, OPAQUE);
    if (!copy.ok || typeof copy.value !== 'object' || copy.value === null) return undefined;
    const config = copy.value;
    issues.push(...codeIssues({ [id]: config }));
    const secrets = secretsOf(server);
    keepSecrets(config, secrets);
    const found = referencesIn(config).map((reference) => ({ ...reference, code: this.#standIn(reference) }));
    return { config, secrets, made: found.length === 0 ? config : withCode(config, found) };
  }

  /** The same for the same name, whoever uses it. */
  #standIn({ kind, text }: Reference): () => Response {
    const key = `${kind} ${text}`;
    const known = this.#standIns.get(key);
    if (known !== undefined) return known;
    const standIn = (): Response => new Response(null, { status: 501 });
    this.#standIns.set(key, standIn);
    return standIn;
  }

  /** Accepted configs belong to the cluster, as in one process: the same object says the same from then on. */
  #remember(config: unknown, prepared: ReadonlyMap<string, Prepared>, accepted: Specs): void {
    if (!isPlainObject(config)) return;
    for (const [id, own] of prepared) {
      const server = config[id];
      if (typeof server !== 'object' || server === null || this.#known.has(server) || !accepted.has(id)) continue;
      try {
        freezePlainData(server, OPAQUE);
        this.#known.set(server, own);
      } catch {
        // What cannot be frozen is read again every time; what travels is a copy.
      }
    }
  }
}
