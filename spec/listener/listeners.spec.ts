import { systemListeners } from '../../lib/listener/listeners.ts';
import { listenerContract } from './contract.ts';

listenerContract('of this machine', async () => systemListeners);
