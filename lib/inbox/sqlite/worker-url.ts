// Only SQLite: nothing else has a thread.
/** What the worker thread runs. In the sources that is a file. The build puts the thread's code in the place of the URL, since a bundler takes no file along. */
export const WORKER: string | URL = new URL('./store/worker.ts', import.meta.url)
