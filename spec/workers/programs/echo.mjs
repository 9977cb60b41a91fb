// Sends back what it is sent, and says when it has nothing of it any more: a socket that has gone through another process
// is a duplicate.
process.on('message', (message, handle) => {
  process.send(message, handle, () => {
    handle?.close();
    process.send('closed');
  });
});
process.on('disconnect', () => process.exit());
