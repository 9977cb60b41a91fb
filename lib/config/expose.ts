import { type Address, hostInUrl, urlOf } from './address.ts';
import { type Check, isRecord } from './shape.ts';
import { wording } from './wording.ts';

/** What an exposed URL may leave open until the server listens. */
const BLANK = /\{(?:host|port)\}/g;

/** What it can be, for messages. */
export const EXPOSE_FORMS = "an http or https URL, in which '{host}' and '{port}' stand for where the server listens";

/** What can be read with this port can be read with any. */
const HIGHEST_PORT = '65535';

/** An exposed URL as one that can be read: its blanks are filled in with something. */
const probed = (text: string): string => text.replace(BLANK, (blank) => (blank === '{port}' ? HIGHEST_PORT : 'host'));

/** Whether there are braces in it around, or as part of, anything but a known blank. */
export const hasStrangeBraces = (text: string): boolean => /[{}]/.test(text.replace(BLANK, ''));

/** Whether it is an http or https URL, without user and password, once its blanks are filled in. */
export const isExposable = (text: string): boolean => {
  const url = probed(text);
  if (!/^https?:\/\/[^\s\p{Cc}]+$/iu.test(url) || !URL.canParse(url)) return false;
  const { username, password } = new URL(url);
  return username === '' && password === '';
};

/** A socket in the file system has neither host nor port; and a name does not go on with an IP address. */
export const exposeFitsAddress: Check = (record, report) => {
  const { expose, listen } = record;
  if (typeof expose !== 'string' || !isRecord(listen)) return;
  const blank = expose.match(BLANK)?.[0];
  if (blank === undefined) return;
  if (listen.kind === 'unix') {
    report(['expose'], expose, wording('a URL without blanks', `a unix socket has nothing to put in for '${blank}'`));
  } else if (typeof listen.host === 'string' && isExposable(expose) && !URL.canParse(filled(expose, listen.host))) {
    const host = hostInUrl(listen.host);
    report(['expose'], expose, wording('a URL with what it listens on in it', `is no URL with '${host}' for '{host}'`));
  }
};

const filled = (expose: string, host: string, port: number | string = HIGHEST_PORT): string =>
  expose.replace(BLANK, (blank) => (blank === '{port}' ? String(port) : hostInUrl(host)));

/** The URL under which clients reach a server that listens at an address: what it says itself, or the address as URL. */
export const clientUrl = (expose: string | undefined, address: Address, encrypted: boolean): string => {
  if (expose === undefined) return urlOf(address, encrypted);
  if (address.kind === 'unix' || !expose.includes('{')) return expose;
  return filled(expose, address.host, address.port);
};
