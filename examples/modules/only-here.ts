// What `examples/all-cores.ts` cannot load in every worker.
if (process.env.LICENSE === undefined) throw new Error('there is no license in this process');

export default () => new Response('licensed');
