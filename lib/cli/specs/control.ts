import {
  CLUSTER,
  type CommandSpec,
  FILE,
  HELP,
  JSON_LINE,
  MANY,
  type OperandSpec,
  TIMEOUT,
  WAIT,
} from '../command-spec.ts';
import { WORKERS_USAGE } from '../worker-order.ts';

const SERVER: OperandSpec = { name: 'server', least: 1, most: 1, kind: 'server', about: 'its id in the configuration' };

const QUESTION = ['0 done    1 no cluster, or several and none named    2 usage    5 timeout'];
const ORDER = [
  '0 done, and verified                  3 invalid configuration',
  '1 no such cluster, or it broke        4 refused, and undone',
  '2 usage                               5 timeout; it may still happen',
];

/** The commands that talk to a cluster that runs. */
export const control: readonly CommandSpec[] = [
  {
    name: 'status',
    summary: 'how the clusters of this machine are doing',
    about: 'Several are listed; of one that is named, or the only one, everything is shown.',
    options: [CLUSTER, TIMEOUT, JSON_LINE, HELP],
    exitCodes: ['0 done    1 no cluster runs, or one does not answer    2 usage    5 timeout'],
    example: 'sluice status --cluster web',
  },
  {
    name: 'servers',
    summary: 'the servers of a cluster',
    options: [CLUSTER, TIMEOUT, JSON_LINE, HELP],
    exitCodes: QUESTION,
    example: 'sluice servers --json',
  },
  {
    name: 'plan',
    summary: 'what a file would change in a cluster; changes nothing',
    operand: FILE,
    options: [CLUSTER, TIMEOUT, JSON_LINE, HELP],
    exitCodes: ['0 done    1 no such cluster    2 usage    3 invalid configuration    5 timeout'],
    example: 'sluice plan next.yaml',
  },
  {
    name: 'apply',
    summary: 'put what a file says in force in a cluster',
    about: `It stays in force until the file that the cluster follows changes. A
configuration that holds code cannot be sent: edit the file that it follows.`,
    operand: FILE,
    options: [
      WAIT,
      TIMEOUT,
      { name: 'dry-run', about: 'only say what it would change, as plan does' },
      CLUSTER,
      JSON_LINE,
      HELP,
    ],
    exitCodes: ORDER,
    example: 'sluice apply next.yaml --wait --timeout 30s',
  },
  {
    name: 'drain',
    summary: 'let a server finish what it accepted, and keep it out',
    about: 'It stays out, whatever the file says, until it is resumed or the cluster ends.',
    operand: SERVER,
    options: [WAIT, TIMEOUT, CLUSTER, JSON_LINE, HELP],
    exitCodes: ORDER,
    example: 'sluice drain web --wait',
  },
  {
    name: 'resume',
    summary: 'take a drained server back in',
    operand: SERVER,
    options: [WAIT, TIMEOUT, CLUSTER, JSON_LINE, HELP],
    exitCodes: ORDER,
    example: 'sluice resume web',
  },
  {
    name: 'restart',
    summary: 'start servers anew behind their open sockets',
    about: 'Modules are imported again, certificates read again; nobody loses a request.',
    operand: { ...SERVER, least: 0, most: MANY, about: 'their ids in the configuration; all that run by default' },
    options: [WAIT, TIMEOUT, CLUSTER, JSON_LINE, HELP],
    exitCodes: ORDER,
    example: 'sluice restart web admin',
  },
  {
    name: 'workers',
    summary: 'the workers of a cluster; replace them, or change how many',
    about: `Without more words they are listed. Workers are replaced one by one, each when
its replacement is ready, so that nobody loses a request.`,
    operand: {
      name: 'order',
      least: 0,
      most: 2,
      kind: 'verb',
      usage: WORKERS_USAGE,
      about: `restart         replace all of them
scale <count>   until the next start: a number, auto, physical
enable <slot>   give one that crashed too often another chance`,
    },
    options: [TIMEOUT, CLUSTER, JSON_LINE, HELP],
    exitCodes: [
      '0 done, and verified    1 no such cluster    2 usage',
      '4 refused: there are no workers, a restart is under way, or a replacement did',
      '  not get ready',
      '5 timeout; it may still happen',
    ],
    example: 'sluice workers restart --timeout 2m',
  },
  {
    name: 'logs',
    summary: 'what a cluster has said lately',
    options: [
      { name: 'follow', short: 'f', about: 'and what it says from now on' },
      {
        name: 'lines',
        short: 'n',
        value: { name: 'count', kind: 'count' },
        about: 'how many lines of the past; 100 by default, 1000 are kept',
      },
      CLUSTER,
      { name: 'json', about: 'write the events as JSON, one per line' },
      HELP,
    ],
    exitCodes: QUESTION,
    example: 'sluice logs --follow --lines 20',
  },
];
