// A worker in TypeScript, which imports another file that is.
import { workerContext } from 'sluice/workers';
import { greeting } from './greeting.ts';

const { slot }: { readonly slot: number } = workerContext();
console.log(JSON.stringify({ type: 'typed', slot, greeting }));
workerContext().ready();
