// A worker that cannot be run: what it imports is not there.
import './not-there.mjs';
