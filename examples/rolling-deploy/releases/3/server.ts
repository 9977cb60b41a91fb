// One worker of release 3, which was not tried before.
throw new Error('release 3 does not find its database');
