import { listenerContract } from '../listener/contract.ts';
import { linked } from './linked.ts';

listenerContract('shared with other workers', async () => (await linked({ sharing: 'shared' })).worker().listeners);

listenerContract('fed in turn', async () => (await linked({ sharing: 'round-robin' })).worker().listeners);

listenerContract(
  'with a queue of its own, where that can be had',
  async () => (await linked({ sharing: 'reuse-port' })).worker().listeners,
);
