import { type Address, formatAddress } from '../config/address.ts';
import type { Logger } from '../log/logger.ts';
import type { ServerStatus } from '../server/state.ts';
import type { CertificateReport } from './certificates.ts';
import type { HealthReport } from './health-report.ts';
import type { Cause, Outcome } from './outcome.ts';
import type { Verdict } from './verdict.ts';

const count = (amount: number, noun: string): string => `${amount} ${noun}${amount === 1 ? '' : 's'}`;

/** Names of a certificate that a line shows; some have a hundred. */
const SHOWN_NAMES = 3;

const told = ({ message, hint }: Cause): string => (hint === undefined ? message : `${message} (${hint})`);

/** A commit may be undone for no server's sake: somebody did not agree to it. */
const unprepared = (server: string): string => (server === '' ? '' : `, server ${server} could not be prepared`);

/** Writes what became of a config. Pure but for the logger. */
export const narrateOutcome = (outcome: Outcome, logger: Logger): void => {
  const config = `config ${outcome.revision}`;
  switch (outcome.status) {
    case 'committed': {
      const { changes } = outcome.plan;
      logger.info(`${config} is in force: ${count(changes.length, 'server')} changed`);
      for (const { server, cause } of outcome.refused) logger.warn(`server ${server} stays behind: ${told(cause)}`);
      return;
    }
    case 'rejected':
      for (const { server, path, message, hint } of outcome.issues) {
        const place = [server, path].filter(Boolean).join('.');
        logger.warn(
          `${config} is not valid: ${place}${place === '' ? '' : ': '}${message}${hint === undefined ? '' : ` (${hint})`}`,
        );
      }
      return;
    case 'rolledBack':
      logger.warn(`${config} was undone${unprepared(outcome.server)}: ${told(outcome.cause)}`);
      for (const { server, cause } of outcome.unrestored) logger.error(`server ${server} could not be put back`, cause);
      return;
    case 'unchanged':
    case 'superseded':
    case 'cancelled':
      logger.debug(`${config} is ${outcome.status}`);
  }
};

/** Writes what became of the config that a new life began with; nobody pushed it, so there is no outcome to tell. */
export const narrateResumed = (verdict: Verdict, logger: Logger): void => {
  if (verdict.status !== 'rolledBack') return;
  logger.error(`server ${verdict.server} could not be started with the config of the last life`, verdict.cause);
};

/** A server, as far as it is talked about. */
interface Crashable {
  readonly member: { readonly spec: { readonly id: string } };
  readonly status: ServerStatus;
  readonly moved?: { readonly from: Address; readonly to: Address } | undefined;
}

/** Whether there is anything to write about a server: what goes well is on the streams. */
export const isWorthTelling = (report: Crashable | CertificateReport | HealthReport): boolean => {
  if ('certificate' in report) return true;
  if ('health' in report) return report.news !== undefined;
  const { state, cut = 0 } = report.status;
  if (report.moved !== undefined) return true;
  return state === 'starting' || state === 'failed' || (state === 'stopped' && cut > 0);
};

/** Writes what happens to servers, their certificates and their health beyond what was asked for. */
export const narrateReport = (report: Crashable | CertificateReport | HealthReport, logger: Logger): void => {
  if ('certificate' in report) narrateCertificate(report, logger);
  else if ('health' in report) narrateHealth(report, logger);
  else narrateStatus(report, logger);
};

const narrateCertificate = ({ server, certificate, before }: CertificateReport, logger: Logger): void => {
  const { state, names, validTo, fingerprint, error } = certificate;
  const ends = `at ${new Date(validTo).toISOString()}`;
  const isNew = before?.fingerprint !== fingerprint || before.validTo !== validTo;
  if (before !== undefined && isNew) logger.info(`server ${server} uses another certificate, which ends ${ends}`);
  if (error !== undefined && error !== before?.error) {
    logger.warn(`server ${server} keeps its certificate, the files hold none that could be used: ${told(error)}`);
  }
  if (!isNew && state === before.state) return;
  const which = names.length === 0 ? '' : ` for ${names.slice(0, SHOWN_NAMES).join(', ')}`;
  if (state === 'expiring') logger.warn(`server ${server}: the certificate${which} ends ${ends}`);
  if (state === 'expired') logger.error(`server ${server}: the certificate${which} has expired ${ends}`);
};

const narrateHealth = ({ server: id, health, news, error, cut = 0 }: HealthReport, logger: Logger): void => {
  const server = `server ${id}`;
  const { message, rising } = health;
  if (news === 'ok') logger.info(`${server} is well again`);
  if (news === 'warn' && rising) logger.info(`${server} passes its health check again`);
  if (news === 'warn' && !rising) logger.warn(`${server} may be down: ${message}`);
  if (news === 'down') logger.warn(`${server} is down: ${message}`);
  if (news === 'restart') logger.warn(`${server} is down and is built anew`);
  if (news === 'restart-failed') logger.warn(`${server} is down and could not be built anew`, error);
  if (news === 'cut') logger.warn(`${server} was built anew; ${count(cut, 'former connection')} had to be cut`);
  if (news === 'given-up') logger.error(`${server} is left alone${error === undefined ? '' : `: ${told(error)}`}`);
};

const narrateStatus = ({ member, status, moved }: Crashable, logger: Logger): void => {
  const server = `server ${member.spec.id}`;
  const { state, error, cut = 0 } = status;
  if (state === 'starting') logger.warn(`${server} crashed and is started again`, error);
  if (moved !== undefined) {
    logger.warn(`${server} answers on ${formatAddress(moved.to)}: ${formatAddress(moved.from)} is taken by now`);
  }
  if (state === 'failed') logger.error(`${server} failed and stays down`, error);
  if (state === 'stopped' && cut > 0) {
    logger.warn(`${server} stopped; ${count(cut, 'connection')} did not finish in time and had to be cut`);
  }
};
