/** What a spare of `sluice-script` loads before it has a slot: all that its script imports. */
import '@hono/node-server';
import '../../../lib/workers.ts';
import './fleet-app.ts';
