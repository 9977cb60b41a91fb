// Runs, and is never ready.
setInterval(() => {}, 1_000);
