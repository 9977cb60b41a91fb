// A primary whose Node has been removed meanwhile.
import { nodeProcesses } from '../../../dist/workers/node-processes.js';

const fork = nodeProcesses('shared');
process.execPath = '/nonexistent/node';
const { exit$, messages$ } = fork({ script: import.meta.filename, preload: [], execArgv: [], env: {}, args: [] });
messages$.subscribe({ complete: () => console.log(JSON.stringify({ type: 'silent' })) });
exit$.subscribe({
  error: ({ name, code, cause }) => {
    console.log(JSON.stringify({ type: 'unstarted', name, code, cause: cause.code }));
    process.disconnect();
  },
});
