// Cannot be loaded in one slot: the one that the test names.
if (process.env.PICKY === 'yes') throw new Error('not in this worker');

export default () => new Response('picky');
