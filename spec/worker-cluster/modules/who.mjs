export default () => new Response(String(process.pid));
