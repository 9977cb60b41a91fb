// What `examples/all-cores.ts` serves: who answers.
export default () => new Response(`one of ${process.env.WORKERS ?? 'many'} workers`);
