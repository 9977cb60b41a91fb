import type { ClusterSnapshot, ServerSnapshot } from '../cluster/snapshot.ts';
import type { Health } from '../health/health.ts';
import type { CertificateStatus } from '../server/encryption.ts';
import { type Column, column, type Dropping, drawTable, fitLine } from './columns.ts';
import { HEALTH_STYLES } from './event-line.ts';
import { lineWidth } from './live-block.ts';
import type { Line, Span, Style } from './paint.ts';
import { counted, duration, printable, shortenStart, widthOf } from './text.ts';
import { type TableWorker, urgentWorkersFirst, workerTable } from './worker-table.ts';

/** What the table shows: a cluster and the file it follows. */
export interface TableView {
  /** What the title begins with; `sluice` by default. */
  readonly name?: string;
  readonly file: string;
  /** Undefined until the file was read. */
  readonly snapshot: TableCluster | undefined;
  /** What is wrong with the file as it is now; it is not what runs. */
  readonly problems: number;
  /** What time it is, in milliseconds since the epoch; the time it really is by default. */
  readonly now?: number;
}

/** What is shown of a cluster: of its snapshot, and of what its control socket tells. */
export interface TableCluster extends Pick<ClusterSnapshot, 'state' | 'degraded' | 'revision' | 'draining'> {
  readonly servers: Readonly<Record<string, TableServer>>;
  /** The processes that serve; absent where that is one. */
  readonly workers?: readonly TableWorker[];
}

interface TableServer extends Omit<ServerSnapshot, 'error' | 'tls'> {
  readonly error?: { readonly message: string };
  readonly tls?: Pick<CertificateStatus, 'state' | 'validTo'> & { readonly error?: { readonly message: string } };
  /** What there is to know of it when nothing is wrong. */
  readonly note?: string;
}

/** Columns and rows that may be used. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Lays a cluster out as lines, none wider than `width` and no more than `height` of them. Pure.
 *
 * A title, a head, one row per server and one per generation that still drains; below them a head and one row per
 * worker. Columns that are empty for everybody are left out; what does not fit is dropped column by column, the least
 * urgent first, before anything is cut short. When there are more rows than lines, servers that are not running, or are
 * down, come first, and so do workers that are not active; a line says how many are not shown.
 */
export const layout = (view: TableView, { width, height }: Size): readonly Line[] => {
  if (width < 1 || height < 1) return [];
  const title = titleOf(view, width);
  const rows = rowsOf(view.snapshot, view.now ?? Date.now());
  const workers = view.snapshot?.workers ?? [];
  const rooms = share(height - 1, rows.length, workers.length);
  return [title, ...serverLines(rows, width, rooms.servers), ...workerLines(workers, width, rooms.workers)];
};

/** How many lines servers and workers get, each with a head: what one does not need, the other has. */
const share = (height: number, servers: number, workers: number) => {
  const wanted = (rows: number): number => (rows === 0 ? 0 : rows + 1);
  if (wanted(servers) + wanted(workers) <= height) return { servers: wanted(servers), workers: wanted(workers) };
  const half = Math.floor(height / 2);
  const forWorkers = Math.min(wanted(workers), Math.max(half, height - wanted(servers)));
  // A head without a row below it says nothing.
  return forWorkers < 2 ? { servers: height, workers: 0 } : { servers: height - forWorkers, workers: forWorkers };
};

const moreLine = (hidden: number, width: number): readonly Line[] =>
  hidden === 0 ? [] : [fitLine([{ text: `… and ${hidden} more`, style: 'faint' }], width)];

const workerLines = (workers: readonly TableWorker[], width: number, height: number): readonly Line[] => {
  const shown = rowsWithin(workers, urgentWorkersFirst, height);
  return shown.length === 0 ? [] : [...workerTable(shown, width), ...moreLine(workers.length - shown.length, width)];
};

/** As many rows as there is room for below a head, and above a line that says how many more there are. */
const rowsWithin = <T>(
  rows: readonly T[],
  urgent: (rows: readonly T[]) => readonly T[],
  height: number,
): readonly T[] => {
  if (rows.length + 1 <= height) return rows;
  return height < 3 ? [] : urgent(rows).slice(0, height - 2);
};

const serverLines = (rows: readonly Row[], width: number, height: number): readonly Line[] => {
  const shown = rowsWithin(rows, urgentFirst, height);
  if (shown.length === 0) return [];
  const styled = ({ style, healthStyle, noteStyle }: Row, name: ColumnName) => {
    if (name === 'state') return style;
    if (name === 'health') return healthStyle;
    return name === 'note' ? noteStyle : undefined;
  };
  return [
    ...drawTable(COLUMNS, shown, DROPPING, width, styled, cellText),
    ...moreLine(rows.length - shown.length, width),
  ];
};

type ColumnName = 'id' | 'state' | 'health' | 'address' | 'connections' | 'inFlight' | 'restarts' | 'uptime' | 'note';

type Row = Readonly<Record<ColumnName, string>> & {
  /** Instead of the URL, when that does not fit: without it the port would be what is cut. */
  readonly shortAddress: string;
  readonly style: Style;
  readonly healthStyle: Style;
  readonly noteStyle: Style;
  /** It runs, and is not down. */
  readonly serving: boolean;
};

const cellText = (row: Row, name: ColumnName, width: number): string =>
  name === 'address' && widthOf(row.address) > width ? row.shortAddress : row[name];

const COLUMNS: readonly Column<ColumnName>[] = [
  column('id', 'ID', 'left', 20, 8),
  column('state', 'STATE', 'left', 8),
  column('health', 'HEALTH', 'left', 6),
  column('address', 'ADDRESS', 'left', 22, 15), // `http://127.0.0.1:65535`, and without the scheme
  column('connections', 'CONNS', 'right'),
  column('inFlight', 'IN-FLIGHT', 'right'),
  column('restarts', 'RESTARTS', 'right'),
  column('uptime', 'UPTIME', 'right', 7),
  column('note', 'NOTE', 'left', 30, 12),
];

const DROPPING: Dropping<ColumnName> = {
  luxuries: ['uptime', 'restarts', 'inFlight', 'connections'],
  // The id and the state stay.
  needs: ['note', 'address', 'health'],
  shrinkable: ['note', 'address', 'id'],
};

const STYLES: Readonly<Record<ServerSnapshot['state'], Style>> = {
  starting: 'busy',
  running: 'good',
  draining: 'busy',
  stopped: 'faint',
  failed: 'bad',
};

const rowsOf = (snapshot: TableCluster | undefined, now: number): readonly Row[] => {
  if (snapshot === undefined) return [];
  const servers = Object.values(snapshot.servers);
  // A column of zeros says nothing; the first restart makes it appear.
  const restarts = servers.some((server) => server.restarts > 0);
  const rows = servers.map((server): Row => {
    const note = noteOf(server, now);
    return {
      id: printable(server.id),
      state: server.state,
      health: healthText(server.health),
      address: printable(server.url),
      shortAddress: printable(server.address),
      connections: server.state === 'stopped' ? '' : String(server.connections),
      inFlight: server.state === 'stopped' ? '' : String(server.inFlight),
      restarts: restarts ? String(server.restarts) : '',
      uptime: server.state === 'running' ? duration(server.uptimeMs) : '',
      note: printable(note.text),
      style: STYLES[server.state],
      healthStyle: HEALTH_STYLES[server.health?.status ?? 'ok'],
      noteStyle: note.style,
      serving: server.state === 'running' && !isDown(server.health),
    };
  });
  const draining = snapshot.draining.map(
    ({ server, address, connections }): Row => ({
      id: printable(server),
      state: 'draining',
      health: '',
      address: printable(address),
      shortAddress: printable(address),
      connections: String(connections),
      inFlight: '',
      restarts: '',
      uptime: '',
      note: '',
      style: STYLES.draining,
      healthStyle: STYLES.draining,
      noteStyle: STYLES.draining,
      serving: false,
    }),
  );
  return [...rows, ...draining];
};

/** Where it is, and where it goes; nothing before the first check. */
const healthText = (health: Health | undefined): string => {
  if (health === undefined) return '';
  if (health.checks === 0) return '…';
  const { status, rising, falling } = health;
  return `${status}${rising ? ' ↑' : falling ? ' ↓' : ''}`;
};

const isDown = (health: Health | undefined): boolean => health?.status === 'down' && health.checks > 0;

interface Note {
  readonly text: string;
  readonly style: Style;
}

/** Why a server does not run, or is not well; when it is, what its certificates need, or what else there is to know. */
const noteOf = ({ state, error, health, tls, note }: TableServer, now: number): Note => {
  if (error !== undefined) return { text: error.message, style: state === 'running' ? 'bad' : STYLES[state] };
  if (health !== undefined && health.checks > 0 && health.message !== '') {
    return { text: health.message, style: HEALTH_STYLES[isDown(health) ? 'down' : 'warn'] };
  }
  const kept = tls?.error === undefined ? '' : `certificate not renewed: ${tls.error.message}`;
  if (tls?.state === 'expired') {
    return { text: ['certificate has expired', kept].filter(Boolean).join('; '), style: 'bad' };
  }
  if (tls?.state === 'expiring') {
    const days = Math.floor((tls.validTo - now) / DAY_MS);
    const left = days < 1 ? 'less than a day' : counted(days, 'day');
    return { text: [`certificate expires in ${left}`, kept].filter(Boolean).join('; '), style: 'busy' };
  }
  return kept === '' ? { text: note ?? '', style: 'faint' } : { text: kept, style: 'bad' };
};

const DAY_MS = 86_400_000;

const urgentFirst = (rows: readonly Row[]): readonly Row[] => [
  ...rows.filter(({ serving }) => !serving),
  ...rows.filter(({ serving }) => serving),
];

const CLUSTER_STYLES: Readonly<Record<ClusterSnapshot['state'], Style>> = {
  New: 'busy',
  Booting: 'busy',
  Running: 'good',
  Reloading: 'busy',
  Stopping: 'busy',
  Stopped: 'faint',
  Error: 'bad',
};

/** What is wrong and what is in force matter more than the path: that is cut first, from the front. */
const titleOf = (view: TableView, width: number): Line => {
  const file = printable(view.file);
  const full = titleWith(file, view);
  const room = widthOf(file) - (lineWidth(full) - width);
  return fitLine(room >= widthOf(file) ? full : titleWith(shortenStart(file, room), view), width);
};

const titleWith = (file: string, { name = 'sluice', snapshot, problems }: TableView): Line => {
  const title: Span[] = [{ text: name, style: 'strong' }];
  const add = (text: string, style?: Style): void => {
    title.push({ text: '  ' }, style === undefined ? { text } : { text, style });
  };
  if (snapshot === undefined) {
    add('waiting for', 'busy');
    add(file);
    return title;
  }
  const { state, degraded, revision, servers, workers = [] } = snapshot;
  const isDown = degraded && state === 'Running';
  add(isDown ? 'Running, degraded' : state, isDown ? 'bad' : CLUSTER_STYLES[state]);
  add(counted(Object.keys(servers).length, 'server'));
  const active = workers.filter((worker) => worker.state === 'active').length;
  if (active < workers.length) add(`${active} of ${counted(workers.length, 'worker')}`, 'busy');
  else if (active > 0) add(counted(active, 'worker'));
  if (file !== '') add(file);
  if (problems > 0) add(counted(problems, 'problem'), 'bad');
  if (revision.desired === revision.applied) add(`revision ${revision.applied}`, 'faint');
  else add(`revision ${revision.applied}, ${revision.desired} is not in force`, 'busy');
  return title;
};
