/** The code that names in the config of `sluice-fleet` stand for; every worker imports it. */
import { fleetApp } from './fleet-app.ts';

export const apps = { fleet: fleetApp() };
