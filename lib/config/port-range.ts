/** Neighbouring ports, both ends included; the first is below the last. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** The port of an address: 0 where the system, or a range, is to say which. */
export interface Ports {
  readonly port: number;
  readonly range?: PortRange;
}

/** What became of the text behind the colon; `message` and `hint` with `PORTS` where the corrected text goes. */
export type PortsResult = Ports | { readonly message: string; readonly hint?: string };

const HIGHEST_PORT = 65_535;

/** Each port of a range is tried in turn, some 30 µs each: this many keep a start waiting for a third of a second. */
const MOST_PORTS = 10_000;

const NUMBER = /^(?:0|[1-9]\d{0,4})$/;

const WRONG = { message: 'a port is a number from 0 to 65535 without leading zeros' };

const isPort = (text: string): boolean => NUMBER.test(text) && Number(text) <= HIGHEST_PORT;

/** Reads a port, or a range of ports: `8080`, `0`, `8000-8010`. */
export const parsePorts = (text: string): PortsResult => {
  const dash = text.indexOf('-');
  if (dash <= 0) return isPort(text) ? { port: Number(text) } : WRONG;
  const ends = [text.slice(0, dash), text.slice(dash + 1)];
  if (!ends.every(isPort)) return { message: 'a range of ports is two numbers from 1 to 65535 without leading zeros' };
  const [first = 0, last = 0] = ends.map(Number);
  if (first === 0 || last === 0)
    return { message: 'a range of ports begins at 1', hint: "write 'HOST:0' for any free port" };
  if (first === last) return { message: 'a range of ports has more than one', hint: `write 'HOST:${first}'` };
  if (first > last) return { message: 'a range of ports goes upwards', hint: `write 'HOST:${last}-${first}'` };
  const count = last - first + 1;
  if (count > MOST_PORTS) return { message: `a range has at most ${MOST_PORTS} ports, this one has ${count}` };
  return { port: 0, range: { first, last } };
};

/** What `parsePorts` reads back as the same. */
export const formatPorts = ({ port, range }: Ports): string =>
  range === undefined ? String(port) : `${range.first}-${range.last}`;
