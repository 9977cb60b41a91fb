// A worker that sends what another release would, what nobody would, and what users do.
const send = (message) => process.send(message);

send({ hello: 'from the user' });
send('a text');
send({ 'sluice/workers': 99, message: { type: 'hello', protocol: 99, version: '7.0.0' } });
send({ 'sluice/workers': 1, message: { type: 'launch the rockets' } });
send({ 'sluice/workers': 1, message: { type: 'beat', beat: { sequence: 'one' } } });
send({ 'sluice/workers': 'one', message: { type: 'ready' } });
send({ 'sluice/workers': 1 });
send({ 'sluice/workers': 1, message: { type: 'draining' } });
